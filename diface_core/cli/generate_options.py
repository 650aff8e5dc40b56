"""What the command `generate` can be told, and the request that it makes of it."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path

from ..types import AudioSection, FrameRate, GenerateRequest, Layers, Style

DEFAULT_REQUEST = GenerateRequest(AudioSection(Path()))
MAX_SEED = 2**63 - 1
LAYER_OPTIONS = {"blinks": "blink", "gaze": "gaze", "breath": "breath"}
"""The layers, and what their seed's option is called after."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `generate` to its parser."""
    add = parser.add_argument
    add("audio", type=Path, nargs="?", help="speech as wav, flac, ogg or mp3")
    add("--make-again", type=Path, metavar="FILE", help="a take's request (.diface); of the others only --out, --cache "
        "and the sound's file, where that was moved, count")  # fmt: skip
    add("--out", type=Path, required=True, help=".npz (arrays values, channels, fps) or .csv (as Live Link Face)")
    add("--start", type=number_in_range(-1e6, 1e6), default=0.0, help="seconds into the file; negative: silence first")
    add("--seconds", type=number_in_range(0, 1e6), help="how long; without it to the end")
    add("--fps", type=rate, default=DEFAULT_REQUEST.rate, help="such as 24, 29.97 or 30/1.001 (default: 30)")
    add("--samples", type=integer_in_range(1, 100), default=1, help="how many motions, all seeds one higher for each")
    add("--cache", type=Path, help="folder that keeps what was heard, for a second run on the same sound")
    part = parser.add_mutually_exclusive_group().add_argument
    part("--face", dest="part", action="store_const", const="face", help="only the face")
    part("--head", dest="part", action="store_const", const="head", help="only the head")
    _add_performance(parser.add_argument_group("performance").add_argument)
    _add_layers(parser.add_argument_group("eyes and breath"))


def _add_performance(add: Callable[..., object]) -> None:
    add(
        "--seed",
        type=integer_in_range(0, MAX_SEED),
        default=DEFAULT_REQUEST.seed,
        help="another seed, another motion (default: 0)",
    )
    add(
        "--steps",
        type=integer_in_range(1, 50),
        default=DEFAULT_REQUEST.steps,
        help="denoising steps, 1 to 50 (default: %(default)s)",
    )
    add("--variety", type=number_in_range(0, 2), default=DEFAULT_REQUEST.variety,
        help="how much performances differ: 0 not at all, 1 as people do (default), to 2")  # fmt: skip
    add("--guidance", type=number_in_range(0, 10), default=DEFAULT_REQUEST.guidance,
        help="how closely the face follows the speech, 1 is none (default: %(default)s)")  # fmt: skip
    add("--style", type=blend, default=(), metavar="NAME[:WEIGHT],...",
        help="trained styles or style files to blend, such as ada:0.7,grid_s1:0.3")  # fmt: skip
    add(
        "--style-strength",
        type=number_in_range(0, 2),
        default=1.0,
        help="0 is no manner in particular, 1 as learnt, to 2",
    )
    add("--style-guidance", type=number_in_range(0, 10), default=DEFAULT_REQUEST.style_guidance,
        help="how closely the face follows the style, 1 is none (default: %(default)s)")  # fmt: skip
    add("--face-strength", type=number_in_range(0, 2), default=1.0, help="multiplies the face weights, 0 to 2")
    add("--head-strength", type=number_in_range(0, 2), default=1.0, help="multiplies the head's rotation, 0 to 2")
    add("--head-axes", type=axes, default=DEFAULT_REQUEST.head_axes, metavar="NOD,TILT,TURN",
        help="multiply the head's axes beside that, each 0 to 2, such as 1,1,0.5")  # fmt: skip


def _add_layers(group: argparse._ArgumentGroup) -> None:
    for layer, word in LAYER_OPTIONS.items():
        choice = group.add_mutually_exclusive_group().add_argument
        choice(f"--{word}-seed", dest=layer, type=integer_in_range(0, MAX_SEED), default=0,
               help=f"another seed, other {layer} (default: 0)")  # fmt: skip
        choice(f"--no-{layer}", dest=layer, action="store_const", const=None, help=f"without {layer}")


def build_request(arguments: argparse.Namespace, sample: int = 0) -> GenerateRequest:
    """The request of parsed `options`, for the sample of this number."""
    seeds = {layer: getattr(arguments, layer) for layer in LAYER_OPTIONS}
    alike = ("steps", "guidance", "style_guidance", "variety", "face_strength", "head_strength", "head_axes")
    return dataclasses.replace(
        DEFAULT_REQUEST,
        audio=AudioSection(arguments.audio, arguments.start, arguments.seconds),
        parts=DEFAULT_REQUEST.parts if arguments.part is None else (arguments.part,),
        rate=arguments.fps,
        seed=arguments.seed + sample,
        style=Style(arguments.style, arguments.style_strength),
        layers=Layers(**{layer: None if seed is None else seed + sample for layer, seed in seeds.items()}),
        **{name: getattr(arguments, name) for name in alike},
    )


def number_in_range(minimum: float, maximum: float) -> Callable[[str], float]:
    """Reads a number in a range."""

    def number(text: str) -> float:
        value = float(text)
        if not minimum <= value <= maximum:
            raise argparse.ArgumentTypeError(f"must be {minimum:g} to {maximum:g}. Got {text}")
        return value

    return number


def integer_in_range(minimum: int, maximum: int) -> Callable[[str], int]:
    """Reads a whole number in a range."""

    def number(text: str) -> int:
        value = int(text)
        if not minimum <= value <= maximum:
            raise argparse.ArgumentTypeError(f"must be {minimum} to {maximum}. Got {text}")
        return value

    return number


def rate(text: str) -> FrameRate:
    """`24`, `23.976`, `24/1.001` or `24000/1001`."""
    fps, _, base = text.partition("/")
    read = FrameRate(float(fps), float(base or 1))
    if not 1 <= read.value <= 1000:
        raise argparse.ArgumentTypeError(f"must be 1 to 1000 frames a second. Got {text}")
    return read


def blend(text: str) -> tuple[tuple[str, float], ...]:
    """`ada`, `ada:0.7,grid_s1:0.3` or `mine.safetensors:2`; a weight that is not given is 1."""
    found = []
    for entry in text.split(","):
        name, colon, weight = entry.rpartition(":")
        try:
            found.append((name, number_in_range(0, 1e6)(weight)) if colon else (entry, 1.0))
        except ValueError:  # the colon is a part of the path
            found.append((entry, 1.0))
    if not all(name for name, _ in found) or not sum(weight for _, weight in found):
        raise argparse.ArgumentTypeError(f"must be names with weights, not all 0. Got {text}")
    return tuple(found)


def axes(text: str) -> tuple[float, float, float]:
    """`1,1,0.5`: nod, tilt and turn."""
    values = [number_in_range(0, 2)(value) for value in text.split(",")]
    if len(values) != 3:
        raise argparse.ArgumentTypeError(f"must be three numbers, nod, tilt and turn. Got {text}")
    return values[0], values[1], values[2]
