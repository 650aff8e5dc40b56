"""`python -m diface_core.training.corpora`: list the corpora's clips, skipped files with reasons, and the split."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ... import channels
from . import BUNDLED_CORPORA, READERS_BY_KIND, Clip, is_held_out, read_corpora, read_corpus


def describe_corpora(clips: Iterable[Clip]) -> str:
    """Return one line per speaker: clips, minutes, and unknown channels."""
    speakers: dict[tuple[str, str], list[Clip]] = {}
    for clip in clips:
        speakers.setdefault((clip.source, clip.speaker), []).append(clip)
    lines = []
    for (source, speaker), mine in sorted(speakers.items()):
        unknown = np.array(channels.FACE)[~np.any([clip.known for clip in mine], 0)]
        minutes, judged = sum(clip.seconds for clip in mine) / 60, sum(map(is_held_out, mine))
        lines.append(f"{source}, {speaker}: {len(mine)} clips, {minutes:.1f} min, {judged} held out")
        lines.append(f"  {len(channels.FACE) - len(unknown)} channels known, not {', '.join(unknown) or 'one missing'}")
    return "\n".join(lines)


def split_json(clips: Iterable[Clip]) -> str:
    """Return the split by clip as JSON: per source its speakers, and the names of the held-out clips."""
    sources: dict[str, dict[str, list[str]]] = {}
    for clip in sorted(clips, key=lambda clip: clip.name):
        source = sources.setdefault(clip.source, {"speakers": [], "judged": []})
        if clip.speaker not in source["speakers"]:
            source["speakers"].append(clip.speaker)
        if is_held_out(clip):
            source["judged"].append(clip.name)
    return json.dumps(sources, indent=1) + "\n"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.corpora", description=__doc__)
    parser.add_argument("folder", type=Path, help="a corpus of the given kind, or the folder of the bundled ones")
    parser.add_argument(
        "--kind", choices=sorted(READERS_BY_KIND), help=f"default: {' and '.join(BUNDLED_CORPORA)} in the folder"
    )
    parser.add_argument("--splits", type=Path, help="write the split by clip to this file")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    clips = list(read_corpus(options.kind, options.folder).clips) if options.kind else read_corpora(options.folder)
    print(describe_corpora(clips))
    if options.splits:
        options.splits.write_text(split_json(clips))


if __name__ == "__main__":
    main()
