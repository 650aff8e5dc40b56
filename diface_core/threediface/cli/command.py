"""`python -m diface_core threediface --config comp_syn.yaml --audio_file speech.wav`: the original's command line."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from ...cli.generate_options import MAX_SEED, integer_in_range
from ...errors import DifaceError
from .config import EvaluationConfig
from .config_file import add_flags, apply_flags, read_config
from .config_values import PATH
from .evaluation import Evaluation
from .user_files import UserFiles

log = logging.getLogger(__name__)

FAILED, SOME_FAILED, INTERRUPTED = 2, 1, 130
"""Exit statuses: nothing could be done; some of the sounds could not be used; Ctrl+C."""


def parser() -> argparse.ArgumentParser:
    """The command line's arguments."""
    made = argparse.ArgumentParser("python -m diface_core threediface", description=__doc__, allow_abbrev=False)
    add = made.add_argument
    add("--config", type=PATH.parse, help="3DiFACE's comp_syn.yaml, as it stands; without it, the flags say all")
    add("--audio_file", type=PATH.parse, help="speech: a .wav, .flac, .ogg or .mp3 file, or a folder of them")
    add("--seed", type=integer_in_range(0, MAX_SEED), default=0, help="another seed, another performance (default: 0)")
    add("--device", help="such as cpu, cuda or cuda:1 (default: a GPU where there is one)")
    add("--output", type=PATH.parse, help="folder of the experiments (default: the model's, the head's for both)")
    own = made.add_argument_group("your own files").add_argument
    own("--vocaset", type=PATH.parse, default=_path_from_environment("VOCASET_PATH"), metavar="PATH",
        help="folder of VOCASET's templates.pkl (default: the environment's VOCASET_PATH)")  # fmt: skip
    own("--wav2vec2", type=PATH.parse, default=_path_from_environment("WAV2VEC_PATH"), metavar="PATH",
        help="folder of wav2vec2-base-960h (default: WAV2VEC_PATH)")  # fmt: skip
    own("--flame", type=PATH.parse, default=_path_from_environment("FLAME_PATH"), metavar="PATH",
        help="FLAME model, .pkl or .npz (default: FLAME_PATH)")  # fmt: skip
    own("--blender", type=PATH.parse, default=_path_from_environment("DIFACE_BLENDER"), metavar="PATH",
        help="Blender, or a Python with its bpy module (default: DIFACE_BLENDER, or where one is found)")  # fmt: skip
    add_flags(made)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; returns the exit status."""
    given = parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        return _run(given)
    except DifaceError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("Cancelled.", file=sys.stderr)
        return INTERRUPTED


def _run(options: argparse.Namespace) -> int:
    config, warnings = read_config(options.config) if options.config else (EvaluationConfig(), ())
    for warning in warnings:
        log.warning("%s", warning)
    config = apply_flags(config, options)
    own = UserFiles(options.vocaset, options.flame, options.wav2vec2, options.blender)
    evaluation = Evaluation.prepare(config, own, options.audio_file, options.output, options.device)

    failed: list[tuple[Path, DifaceError]] = []
    for sound in evaluation.sounds:
        try:
            _evaluate_sound(evaluation, sound, options.seed)
        except DifaceError as error:
            failed.append((sound, error))
    for sound, error in failed:
        print(f"{sound.name}: {error.message}\n{error.hint}", file=sys.stderr)
    if len(failed) < len(evaluation.sounds):
        return SOME_FAILED if failed else 0
    return FAILED


def _evaluate_sound(evaluation: Evaluation, sound: Path, seed: int) -> None:
    layout = "{desc:<32} {percentage:3.0f}% |{bar}| {elapsed}"
    with tqdm(total=1.0, bar_format=layout, file=sys.stderr) as bar:

        def report(stage: str, done: float) -> None:
            bar.set_description_str(f"{sound.name}: {stage}", refresh=False)
            bar.update(done - bar.n)

        begun = time.perf_counter()
        for path in evaluation.evaluate_sound(sound, seed, report):
            bar.clear()
            print(path)
        bar.set_description_str(f"{sound.name}: {time.perf_counter() - begun:.1f} s", refresh=False)
        bar.update(1 - bar.n)


def _path_from_environment(name: str) -> Path | None:
    return Path(os.environ[name]).expanduser() if os.environ.get(name) else None
