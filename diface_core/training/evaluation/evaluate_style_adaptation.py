"""`python -m diface_core.training.evaluation.evaluate_style_adaptation SOUND ...`: how much of an edit a style retains.

Takes of the shipped model are edited as by an animator with a consistent preference: a jaw that opens 50% wider, a
permanent smile. A style is adapted to the first seconds of the sounds; the last sound is held out, and its beginning is
generated in that style.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from ... import channels
from ...audio import reading
from ...engines import Engines
from ...types import AdaptationRequest, AudioSection, GenerateRequest, Layers, Motion, Style, StyleExample

DEFAULT_GUIDANCE = GenerateRequest.guidance
JAW_GAIN, SMILE_OFFSET = 1.5, 0.3
TEST_SECONDS = 12.0
"""Seconds of the last sound that are generated."""

SMILE_CHANNELS = ("mouthSmileLeft", "mouthSmileRight")


def apply_edit(motion: Motion) -> Motion:
    """Return the motion with the edit that the style is to reproduce."""
    values = motion.values.copy()
    values[:, motion.channels.index("jawOpen")] *= JAW_GAIN
    for name in SMILE_CHANNELS:
        values[:, motion.channels.index(name)] += SMILE_OFFSET
    return Motion(np.clip(values, 0, 1), motion.channels, motion.rate)


def generate_take(
    engines: Engines, section: AudioSection, style: Style, seed: int, guidance: float = DEFAULT_GUIDANCE
) -> Motion:
    """Generate a take of the face, without layers."""
    layers = Layers(None, None, None, None)
    request = GenerateRequest(section, ("face",), seed=seed, guidance=guidance, style=style, layers=layers)
    return engines.generate(request, lambda progress: None).motion


def retained_edit(plain: Motion, adapted: Motion) -> dict[str, float]:
    """Return how much of the edit a take in the style has, 1 being all of it: of the jaw's gain and of the smile."""
    wanted = apply_edit(plain)

    def share(names: tuple[str, ...]) -> float:
        means = [np.mean([motion.column(name).mean() for name in names]) for motion in (plain, adapted, wanted)]
        return float((means[1] - means[0]) / (means[2] - means[0]))

    r = np.corrcoef(wanted.column("jawOpen"), adapted.column("jawOpen"))[0, 1]
    rest = [name for name in channels.FACE if name not in (*SMILE_CHANNELS, "jawOpen")]
    moved = adapted.select(tuple(rest)).values - plain.select(tuple(rest)).values
    return {
        "jaw's edit": share(("jawOpen",)), "smile's edit": share(SMILE_CHANNELS), "jawOpen r": float(r),
        "rest moved by": float(np.sqrt(np.square(moved).mean())),
    }  # fmt: skip


def audio_sections(sounds: list[Path], seconds: float) -> list[AudioSection]:
    """Return the first `seconds` of all sounds together."""
    found = []
    for path in sounds:
        part = min(seconds, reading.load_clip(AudioSection(path)).seconds)
        if part > 1:
            found.append(AudioSection(path, 0.0, part))
        seconds -= part
    return found


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m diface_core.training.evaluation.evaluate_style_adaptation", description=__doc__
    )
    parser.add_argument("sounds", type=Path, nargs="+", help="speech of one speaker; the last one is held out")
    parser.add_argument("--seconds", type=float, nargs="+", default=[10, 20, 60])
    parser.add_argument("--takes", type=int, default=2, help="takes of the last sound (default: %(default)s)")
    parser.add_argument("--guidance", type=float, default=DEFAULT_GUIDANCE, help="of takes in the style")
    options = parser.parse_args(arguments)
    engines = Engines.create(None)
    (unseen,) = audio_sections(options.sounds[-1:], TEST_SECONDS)
    plain = [generate_take(engines, unseen, Style(), seed) for seed in range(options.takes)]
    judged = "jaw's edit | smile's edit | jawOpen r | rest moved by"
    print(f"| seconds of examples | takes | error before | after | {judged} | s of one core |")
    print("|---" * 9 + "|")
    for seconds in options.seconds:
        takes = tuple(
            StyleExample(part.path.name, part, apply_edit(generate_take(engines, part, Style(), seed)))
            for seed, part in enumerate(audio_sections(options.sounds[:-1], seconds))
        )
        with tempfile.TemporaryDirectory() as folder:
            request = AdaptationRequest("edited", Path(folder) / "edited.safetensors", takes)
            begun = time.process_time()
            learnt = engines.adapt_style(request, lambda progress: None)
            took = time.process_time() - begun
            style = Style.named(str(request.path))
            takes_in_it = [
                generate_take(engines, unseen, style, seed, options.guidance) for seed in range(options.takes)
            ]
            found = [retained_edit(*pair) for pair in zip(plain, takes_in_it, strict=True)]
        scores = " | ".join(f"{np.mean([one[name] for one in found]):.2f}" for name in found[0])
        start = f"| {learnt.seconds:.0f} s | {len(takes)} | {learnt.error_before:.2f} | {learnt.error_after:.2f} "
        print(f"{start}| {scores} | {took:.0f} |", flush=True)


if __name__ == "__main__":
    main()
