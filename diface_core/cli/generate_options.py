"""The options of the command `generate`, and the request that they describe."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path

from ..types import (
    AUDIO_CHANNELS,
    FIRST_SAMPLER,
    MIX,
    ROLES,
    SAMPLER,
    AudioSection,
    FrameRate,
    GenerateRequest,
    Layers,
    Style,
)

DEFAULT_REQUEST = GenerateRequest(AudioSection(Path()))
MAX_SEED = 2**63 - 1
LAYER_OPTIONS = {"blinks": "blink", "gaze": "gaze", "breath": "breath"}
"""Layer -> prefix of its seed option."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `generate` to its parser."""
    add = parser.add_argument
    add("audio", type=Path, nargs="?", help="speech as wav, flac, ogg or mp3")
    add("--make-again", type=Path, metavar="FILE", help="generate a take again from its request (.diface); "
        "otherwise only --out, --cache and the audio file, if it was moved, have an effect")  # fmt: skip
    add(
        "--out",
        type=Path,
        required=True,
        help=".npz (arrays values, channels, fps), .csv (as Live Link Face) or .json (as Audio2Face)",
    )
    add(
        "--start",
        type=number_in_range(-1e6, 1e6),
        default=0.0,
        help="start in the file in seconds; negative: silence first",
    )
    add("--seconds", type=number_in_range(0, 1e6), help="duration in seconds (default: to the end)")
    add("--channel", choices=AUDIO_CHANNELS, default=MIX,
        help="the channel that is heard: the mix of all (default), left, right, or the louder one")  # fmt: skip
    add("--high-pass", action="store_true",
        help="remove what is below 80 Hz, such as hum and rumble, before the sound is heard")  # fmt: skip
    add(
        "--fps", type=rate, default=DEFAULT_REQUEST.rate, help="frame rate, such as 24, 29.97 or 30/1.001 (default: 30)"
    )
    add(
        "--samples",
        type=integer_in_range(1, 100),
        default=1,
        help="number of motions; all seeds increase by one for each",
    )
    add("--cache", type=Path, help="folder that caches speech features, for further runs on the same audio")
    part = parser.add_mutually_exclusive_group().add_argument
    part("--face", dest="part", action="store_const", const="face", help="only the face")
    part("--head", dest="part", action="store_const", const="head", help="only the head")
    add("--role", choices=ROLES, default=DEFAULT_REQUEST.role,
        help="what the face does with the sound: speak (default), listen to it, or idle for its seconds")  # fmt: skip
    add("--speak-all", dest="other_sounds", action="store_false",
        help="speak laughs, breaths, music and noise too, instead of showing them or resting")  # fmt: skip
    add("--beats", type=number_in_range(0, 2), default=DEFAULT_REQUEST.beats,
        help="how far head and brows beat with accents and phrase ends, 0 to 2: 1 as people (default)")  # fmt: skip
    add("--reactions", type=number_in_range(0, 2), default=DEFAULT_REQUEST.reactions,
        help="how often and how much a listener reacts, 0 to 2 (default: 1)")  # fmt: skip
    _add_performance(parser.add_argument_group("performance").add_argument)
    _add_layers(parser.add_argument_group("eyes, breath and tongue"))


def _add_performance(add: Callable[..., object]) -> None:
    add(
        "--seed",
        type=integer_in_range(0, MAX_SEED),
        default=DEFAULT_REQUEST.seed,
        help="random seed (default: 0)",
    )
    add(
        "--steps",
        type=integer_in_range(1, 50),
        default=DEFAULT_REQUEST.steps,
        help="denoising steps, 1 to 50 (default: %(default)s)",
    )
    add("--variety", type=number_in_range(0, 2), default=DEFAULT_REQUEST.variety,
        help="variation between seeds, 0 to 2: 0 none, 1 natural (default)")  # fmt: skip
    add("--sampler", type=int, choices=range(FIRST_SAMPLER, SAMPLER + 1), default=DEFAULT_REQUEST.sampler,
        help="version of the sampler; 1 is that of DiFACE 0.1.0 (default: %(default)s)")  # fmt: skip
    add("--guidance", type=number_in_range(0, 10), default=DEFAULT_REQUEST.guidance,
        help="guidance scale for the speech, face only; 1 is off (default: %(default)s)")  # fmt: skip
    add("--style", type=blend, default=(), metavar="NAME[:WEIGHT],...",
        help="trained styles or style files to blend, such as ada:0.7,grid_s1:0.3")  # fmt: skip
    add(
        "--style-strength",
        type=number_in_range(0, 2),
        default=1.0,
        help="0 to 2: 0 neutral, 1 as trained (default), above 1 exaggerated",
    )
    add("--style-guidance", type=number_in_range(0, 10), default=DEFAULT_REQUEST.style_guidance,
        help="guidance scale for the style; 1 is off (default: %(default)s)")  # fmt: skip
    add("--face-strength", type=number_in_range(0, 2), default=1.0, help="factor of the face weights, 0 to 2")
    add("--head-strength", type=number_in_range(0, 2), default=1.0, help="factor of the head rotation, 0 to 2")
    add("--head-axes", type=axes, default=DEFAULT_REQUEST.head_axes, metavar="PITCH,ROLL,YAW",
        help="additional factors of the head's axes, each 0 to 2, such as 1,1,0.5")  # fmt: skip


def _add_layers(group: argparse._ArgumentGroup) -> None:
    for layer, word in LAYER_OPTIONS.items():
        choice = group.add_mutually_exclusive_group().add_argument
        choice(f"--{word}-seed", dest=layer, type=integer_in_range(0, MAX_SEED), default=0,
               help=f"random seed of the {layer} (default: 0)")  # fmt: skip
        choice(f"--no-{layer}", dest=layer, action="store_const", const=None, help=f"without {layer}")
    choice = group.add_mutually_exclusive_group().add_argument
    choice("--tongue", type=number_in_range(0, 2), default=DEFAULT_REQUEST.layers.tongue,
           help="how far the tongue moves with the speech, 0 to 2: 1 as the sounds ask (default)")  # fmt: skip
    choice("--no-tongue", dest="tongue", action="store_const", const=None, help="without tongue")


def build_request(arguments: argparse.Namespace, sample: int = 0) -> GenerateRequest:
    """Return the request of parsed arguments, for the sample of this number."""
    seeds = {layer: getattr(arguments, layer) for layer in LAYER_OPTIONS}
    layers = {layer: None if seed is None else seed + sample for layer, seed in seeds.items()}
    same_names = (
        "steps", "guidance", "style_guidance", "variety", "sampler", "face_strength", "head_strength", "head_axes",
        "role", "reactions", "other_sounds", "beats",
    )  # fmt: skip
    return dataclasses.replace(
        DEFAULT_REQUEST,
        audio=_audio(arguments),
        parts=DEFAULT_REQUEST.parts if arguments.part is None else (arguments.part,),
        rate=arguments.fps,
        seed=arguments.seed + sample,
        style=Style(arguments.style, arguments.style_strength),
        layers=Layers(**layers, tongue=arguments.tongue),
        **{name: getattr(arguments, name) for name in same_names},
    )


def _audio(arguments: argparse.Namespace) -> AudioSection:
    path = arguments.audio or Path()
    return AudioSection(path, arguments.start, arguments.seconds, arguments.channel, arguments.high_pass)


def number_in_range(minimum: float, maximum: float) -> Callable[[str], float]:
    """Return an argument type for a number in a range."""

    def number(text: str) -> float:
        value = float(text)
        if not minimum <= value <= maximum:
            raise argparse.ArgumentTypeError(f"must be {minimum:g} to {maximum:g}. Got {text}")
        return value

    return number


def integer_in_range(minimum: int, maximum: int) -> Callable[[str], int]:
    """Return an argument type for an integer in a range."""

    def number(text: str) -> int:
        value = int(text)
        if not minimum <= value <= maximum:
            raise argparse.ArgumentTypeError(f"must be {minimum} to {maximum}. Got {text}")
        return value

    return number


def rate(text: str) -> FrameRate:
    """Parse `24`, `23.976`, `24/1.001` or `24000/1001`."""
    fps, _, base = text.partition("/")
    parsed = FrameRate(float(fps), float(base or 1))
    if not 1 <= parsed.value <= 1000:
        raise argparse.ArgumentTypeError(f"must be 1 to 1000 frames a second. Got {text}")
    return parsed


def blend(text: str) -> tuple[tuple[str, float], ...]:
    """Parse `ada`, `ada:0.7,grid_s1:0.3` or `mine.safetensors:2`; a weight that is left out is 1."""
    pairs = []
    for entry in text.split(","):
        name, colon, weight = entry.rpartition(":")
        try:
            pairs.append((name, number_in_range(0, 1e6)(weight)) if colon else (entry, 1.0))
        except ValueError:  # the colon is part of a path
            pairs.append((entry, 1.0))
    if not all(name for name, _ in pairs) or not sum(weight for _, weight in pairs):
        raise argparse.ArgumentTypeError(f"must be names with weights, not all 0. Got {text}")
    return tuple(pairs)


def axes(text: str) -> tuple[float, float, float]:
    """Parse `1,1,0.5`: pitch, roll and yaw."""
    values = [number_in_range(0, 2)(value) for value in text.split(",")]
    if len(values) != 3:
        raise argparse.ArgumentTypeError(f"must be three numbers, pitch, roll and yaw. Got {text}")
    return values[0], values[1], values[2]
