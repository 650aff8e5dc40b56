"""`python -m diface_core align SOUND TRANSCRIPT`: when each word of a transcript is heard."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from ..alignment.align import align
from ..alignment.aligner import Aligner
from ..errors import DifaceError
from ..transcripts.read_transcript import read_transcript
from ..transcripts.write_textgrid import write_textgrid
from ..types import AudioSection, Progress
from ..words import AlignRequest
from .exit_status import run_command


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core align", description=__doc__)
    add = parser.add_argument
    add("audio", type=Path, help="speech as wav, flac, ogg or mp3")
    add("transcript", type=Path, help="what is said: .txt, .srt, .vtt or .TextGrid")
    add("--language", default="en", help="en (default), or a language of eSpeak NG such as de, fr, es, cmn")
    add("--out", type=Path, help="write words and phones as a .TextGrid (default: print the words)")
    return parser


def run(options: argparse.Namespace) -> None:
    """Align, and write or print the result. Raises DifaceError if a file cannot be used."""
    if options.out and options.out.suffix.lower() != ".textgrid":
        raise DifaceError(f"Cannot write {options.out.name}: its name must end in .TextGrid.", "Choose another name.")
    transcript = read_transcript(options.transcript)
    request = AlignRequest(AudioSection(options.audio.absolute()), transcript.cues, options.language)
    with tqdm(total=1.0, bar_format="{desc:<24} {percentage:3.0f}% |{bar}| {elapsed}", file=sys.stderr) as bar:

        def report(progress: Progress) -> None:
            bar.set_description_str(progress.stage, refresh=False)
            bar.update(progress.fraction - bar.n)

        alignment = align(request, Aligner(), report)
        bar.update(1.0 - bar.n)
    for note in alignment.notes:
        print(note, file=sys.stderr)
    if options.out:
        write_textgrid(options.out, alignment.words)
        return
    for word in alignment.words:
        print(f"{word.start:8.2f} {word.end:8.2f}  {word.text}  {' '.join(phone.label for phone in word.phones)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    options = build_parser().parse_args(arguments)
    return run_command(lambda: run(options))


if __name__ == "__main__":
    sys.exit(main())
