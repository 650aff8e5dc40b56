"""`python -m diface_core.training.closures SOUND PHONES`: are the lips shut on every m, b and p, in mm on our head?"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from .. import channels
from ..faces.head import Head, load_head
from ..generate import Generator
from ..types import MODEL_RATE, AudioSection, FloatArray, GenerateRequest, Motion, Style
from .corpora import LABIALS, Phone
from .metrics import SILENT, column

SHUT = 0.5
"""Millimetres between the inner lips that nobody sees."""


def lip_gap(head: Head, weights: FloatArray) -> FloatArray:
    """The widest distance of the inner lips (T,) in mm, for weights (T, 52)."""
    upper, lower = head.landmarks["upper_inner_lip"], head.landmarks["lower_inner_lip"]
    pairs = np.concatenate([upper, lower])
    lips = head.vertices[pairs] + np.tensordot(weights, head.deltas[:, pairs], axes=1)
    apart = np.linalg.norm(lips[:, : len(upper)] - lips[:, len(upper) :], axis=2)
    return (1000 * apart).max(axis=1)


def per_phone(phones: list[Phone], track: FloatArray, narrow: bool) -> list[tuple[Phone, float]]:
    """Every spoken phone, and the least or the most of `track` within it and a row on both sides."""
    found = []
    for phone in phones:
        if phone.label not in SILENT:
            first = max(0, round(phone.start * MODEL_RATE.value) - 1)
            some = track[first : round(phone.end * MODEL_RATE.value) + 2]
            found.append((phone, float(some.min() if narrow else some.max())))
    return found


def report(motion: Motion, phones: list[Phone]) -> str:
    """A table of what the lips do on m, b, p; on open vowels; and on round sounds."""
    weights = motion.select(channels.FACE).values
    gap = lip_gap(load_head(), weights)
    rounding = column(weights, "mouthPucker") + column(weights, "mouthFunnel")
    shut = [mm for phone, mm in per_phone(phones, gap, True) if phone.label in LABIALS]
    wide = [mm for phone, mm in per_phone(phones, gap, False) if phone.label in ("AA", "AE", "AY", "EH", "AH")]
    others = [mm for phone, mm in per_phone(phones, gap, True) if phone.label not in LABIALS]
    around = {
        name: [value for phone, value in per_phone(phones, rounding, False) if (phone.label in ROUND) == is_round]
        for name, is_round in (("round", True), ("other", False))
    }
    return "\n".join([
        f"m, b, p that come within {SHUT} mm: {sum(mm < SHUT for mm in shut)} of {len(shut)} (mm: "
        + ", ".join(f"{mm:.1f}" for mm in shut) + ")",
        f"other phones that do: {sum(mm < SHUT for mm in others)} of {len(others)}",
        f"widest gap on open vowels: median {np.median(wide):.1f} mm",
        f"pucker + funnel on o, w, r and the like: median {np.median(around['round']):.2f}; "
        f"on other phones {np.median(around['other']):.2f}",
    ])  # fmt: skip


ROUND = ("W", "OW", "AO", "UH", "UW", "OY", "SH", "CH", "R", "ER")


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m diface_core.training.closures", description=__doc__)
    parser.add_argument("sound", type=Path)
    parser.add_argument("phones", type=Path, help='JSON with "phones": [[start s, end s, ARPAbet], ...]')
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--guidance", type=float, default=GenerateRequest.guidance)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--style")
    given = parser.parse_args(arguments)
    request = GenerateRequest(
        AudioSection(given.sound), ("face",), seed=given.seed, steps=given.steps, guidance=given.guidance,
        style=Style.of(given.style),
    )  # fmt: skip
    motion = Generator.load().generate(request, lambda progress: None).motion
    phones = [Phone(*phone) for phone in json.loads(given.phones.read_text())["phones"]]
    print(report(motion, phones))


if __name__ == "__main__":
    main()
