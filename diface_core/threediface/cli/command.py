"""`python -m diface_core threediface --config comp_syn.yaml --audio_file speech.wav`, like the original's command."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from ...cli.exit_status import FAILED, SOME_FAILED, run_command
from ...cli.generate_options import MAX_SEED, integer_in_range
from ...errors import DifaceError
from .config import EvaluationConfig
from .config_file import add_flags, apply_flags, read_config
from .config_values import PATH
from .evaluation import Evaluation
from .user_files import UserFiles

log = logging.getLogger(__name__)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser("python -m diface_core threediface", description=__doc__, allow_abbrev=False)
    add = parser.add_argument
    add("--config", type=PATH.parse, help="3DiFACE's comp_syn.yaml, unchanged; without it, the flags define everything")
    add("--audio_file", type=PATH.parse, help="speech: a .wav, .flac, .ogg or .mp3 file, or a folder of them")
    add("--seed", type=integer_in_range(0, MAX_SEED), default=0, help="seed of the variation (default: 0)")
    add("--device", help="such as cpu, cuda or cuda:1 (default: a GPU if available)")
    add("--output", type=PATH.parse, help="folder of the experiments (default: the model's, the head's for both)")
    add_file = parser.add_argument_group("files").add_argument
    add_file("--vocaset", type=PATH.parse, default=_path_from_environment("VOCASET_PATH"), metavar="PATH",
             help="folder of VOCASET's templates.pkl (default: the environment's VOCASET_PATH)")  # fmt: skip
    add_file("--wav2vec2", type=PATH.parse, default=_path_from_environment("WAV2VEC_PATH"), metavar="PATH",
             help="folder of wav2vec2-base-960h (default: WAV2VEC_PATH)")  # fmt: skip
    add_file("--flame", type=PATH.parse, default=_path_from_environment("FLAME_PATH"), metavar="PATH",
             help="FLAME model, .pkl or .npz (default: FLAME_PATH)")  # fmt: skip
    add_file("--blender", type=PATH.parse, default=_path_from_environment("DIFACE_BLENDER"), metavar="PATH",
             help="Blender, or a Python with its bpy module (default: DIFACE_BLENDER, or a found one)")  # fmt: skip
    add_flags(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    args = build_parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    return run_command(lambda: _run(args))


def _run(options: argparse.Namespace) -> int:
    config, warnings = read_config(options.config) if options.config else (EvaluationConfig(), ())
    for warning in warnings:
        log.warning("%s", warning)
    config = apply_flags(config, options)
    user_files = UserFiles(options.vocaset, options.flame, options.wav2vec2, options.blender)
    evaluation = Evaluation.prepare(config, user_files, options.audio_file, options.output, options.device)

    failed: list[tuple[Path, DifaceError]] = []
    for audio in evaluation.audio_files:
        try:
            _evaluate_audio(evaluation, audio, options.seed)
        except DifaceError as error:
            failed.append((audio, error))
    for audio, error in failed:
        print(f"{audio.name}: {error.message}\n{error.hint}", file=sys.stderr)
    if len(failed) < len(evaluation.audio_files):
        return SOME_FAILED if failed else 0
    return FAILED


def _evaluate_audio(evaluation: Evaluation, audio: Path, seed: int) -> None:
    layout = "{desc:<32} {percentage:3.0f}% |{bar}| {elapsed}"
    with tqdm(total=1.0, bar_format=layout, file=sys.stderr) as bar:

        def report(stage: str, done: float) -> None:
            bar.set_description_str(f"{audio.name}: {stage}", refresh=False)
            bar.update(done - bar.n)

        started = time.perf_counter()
        for path in evaluation.evaluate_audio(audio, seed, report):
            bar.clear()
            print(path)
        bar.set_description_str(f"{audio.name}: {time.perf_counter() - started:.1f} s", refresh=False)
        bar.update(1 - bar.n)


def _path_from_environment(name: str) -> Path | None:
    return Path(os.environ[name]).expanduser() if os.environ.get(name) else None
