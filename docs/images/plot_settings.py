"""Plot what the main settings do, on the sample speech, and write poses for render_settings.py.

CORE_PYTHON -m docs.images.plot_settings out/poses.npz
BLENDER_PYTHON -m docs.images.render_settings out/poses.npz
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from diface_core.generate import Generator
from diface_core.types import AudioSection, Constraints, GenerateRequest, Layers, Motion, Pins, Style

IMAGES = Path(__file__).resolve().parent
SPEECH = IMAGES.parents[1] / "tests" / "data" / "speech.flac"
REQUEST = GenerateRequest(AudioSection(SPEECH), steps=25)
COLOURS = ("#3b6fb6", "#d9822b", "#4a9c5d", "#8a6bb1")
GREY = "#9aa0a6"
WIDE = (7.2, 2.4)
"""Inches of a plot of one axes."""


def main() -> None:
    """Make all pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("poses", type=Path, help="the file to write for render_settings.py (.npz)")
    given = parser.parse_args()
    plt.rcParams.update({"font.size": 8, "axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False})
    made = Maker(Generator.load())
    plot_falloff(made)
    plot_keep_motion(made)
    plot_variety(made)
    plot_quality(made)
    plot_guidance(made)
    plot_head_strength(made)
    plot_layers(made)
    write_poses(made, given.poses)


class Maker:
    """Motions of the sample speech."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    def motion(self, **settings: object) -> Motion:
        """The motion with these fields of the request."""
        request = dataclasses.replace(REQUEST, **settings)
        return self._generator.generate(request, lambda progress: None).motion


def save(figure: plt.Figure, name: str) -> None:
    """Write the figure as docs/images/NAME.png."""
    figure.tight_layout()
    figure.savefig(IMAGES / f"{name}.png", dpi=110)
    plt.close(figure)


def plot_falloff(made: Maker) -> None:
    """A pinned nod with a falloff of 2, 8 and 20 frames."""
    settings = {"parts": ("head",)}
    base = made.motion(**settings)
    at = 150
    pin = Pins(np.array([float(at)]), np.array([0], np.int32), np.array([np.radians(12)], np.float32))
    figure, axes = plt.subplots(figsize=WIDE)
    frames = np.arange(len(base))
    axes.plot(frames, np.degrees(base.column("head_rx")), color=GREY, label="before")
    for colour, falloff in zip(COLOURS, (2, 8, 20), strict=False):
        known = np.ones(base.values.shape, bool)
        reach = 2 * falloff + 12
        known[at - reach : at + reach + 1] = False
        kept = Constraints(base.values, known, pin, falloff=falloff)
        edited = made.motion(**settings, constraints=kept)
        axes.plot(frames, np.degrees(edited.column("head_rx")), color=colour, label=f"Falloff {falloff}")
    axes.plot(at, 12, "D", color="#c0392b", label="pin")
    axes.set(xlim=(at - 70, at + 70), xlabel="frame", ylabel="nod, degrees")
    axes.legend(ncols=2)
    save(figure, "settings-falloff")


def plot_keep_motion(made: Maker) -> None:
    """The jaw between two frames regenerated with another seed, keeping 0, half and all of the motion."""
    settings = {"parts": ("face",), "layers": Layers(None, None, None, None)}
    base = made.motion(**settings)
    first, last = 190, 240
    figure, axes = plt.subplots(figsize=WIDE)
    axes.axvspan(first, last, color="#eef1f5")
    axes.plot(base.column("jawOpen"), color=GREY, lw=3, label="before")
    for colour, keep_motion in zip(COLOURS, (0.0, 0.5, 1.0), strict=False):
        known = np.ones(base.values.shape, bool)
        known[first : last + 1] = False
        kept = Constraints(base.values, known, falloff=8.0, keep_motion=keep_motion)
        edited = made.motion(**settings, seed=5, constraints=kept)
        axes.plot(edited.column("jawOpen"), color=colour, lw=1.2, label=f"Keep Motion {keep_motion:g}")
    axes.set(xlim=(first - 20, last + 20), xlabel="frame (shaded: In-Between)", ylabel="jawOpen")
    axes.legend(ncols=2)
    save(figure, "settings-keep-motion")


def plot_variety(made: Maker) -> None:
    """The brows and the jaw of four seeds with a variety of 0, 1 and 2."""
    figure, grid = plt.subplots(3, 2, figsize=(WIDE[0], 4), sharex=True, sharey="col")
    for row, variety in zip(grid, (0.0, 1.0, 2.0), strict=True):
        for seed, colour in enumerate(COLOURS):
            motion = made.motion(parts=("face",), variety=variety, seed=seed)
            for axes, channel in zip(row, ("browInnerUp", "jawOpen"), strict=True):
                axes.plot(motion.column(channel), color=colour, lw=1)
                axes.set_title(f"{channel} of four seeds" if variety == 0 else "", loc="left", fontsize=8)
        row[0].set_ylabel(f"Variety {variety:g}")
    for axes in grid[-1]:
        axes.set_xlabel("frame")
    save(figure, "settings-variety")


def plot_quality(made: Maker) -> None:
    """The same seed in 8 and in 25 steps."""
    figure, axes = plt.subplots(figsize=WIDE)
    for colour, (name, steps) in zip(COLOURS, {"Draft, 8 steps": 8, "Final, 25 steps": 25}.items(), strict=False):
        axes.plot(made.motion(parts=("face",), steps=steps).column("browInnerUp"), color=colour, lw=1.2, label=name)
    axes.set(xlim=(90, 260), xlabel="frame", ylabel="browInnerUp")
    axes.legend()
    save(figure, "settings-quality")


def plot_guidance(made: Maker) -> None:
    """The jaw with a speech guidance of 1, 1.5 and 3."""
    figure, axes = plt.subplots(figsize=WIDE)
    for colour, guidance in zip(COLOURS, (1.0, 1.5, 3.0), strict=False):
        motion = made.motion(parts=("face",), guidance=guidance)
        axes.plot(motion.column("jawOpen"), color=colour, lw=1.2, label=f"Speech Guidance {guidance:g}")
    axes.set(xlim=(90, 260), xlabel="frame", ylabel="jawOpen")
    axes.legend()
    save(figure, "settings-guidance")


def plot_head_strength(made: Maker) -> None:
    """The nod with a head strength of 0.5, 1 and 1.5."""
    figure, axes = plt.subplots(figsize=WIDE)
    for colour, strength in zip(COLOURS, (0.5, 1.0, 1.5), strict=False):
        motion = made.motion(parts=("head",), head_strength=strength)
        axes.plot(np.degrees(motion.column("head_rx")), color=colour, lw=1.2, label=f"Head Strength {strength:g}")
    axes.set(xlabel="frame", ylabel="nod, degrees")
    axes.legend(ncols=3)
    save(figure, "settings-head-strength")


def plot_layers(made: Maker) -> None:
    """Blinks, gaze and breath under the jaw that speaks."""
    motion = made.motion(parts=("face",))
    sideways = motion.column("eyeLookInLeft") - motion.column("eyeLookOutLeft")
    curves = {
        "jawOpen": motion.column("jawOpen"),
        "eyeBlinkLeft": motion.column("eyeBlinkLeft"),
        "gaze, left eye,\nto the right": sideways,
        "breathIn": motion.column("breathIn"),
    }
    figure, rows = plt.subplots(len(curves), figsize=(WIDE[0], 4.2), sharex=True)
    for axes, colour, (name, values) in zip(rows, (GREY, *COLOURS), curves.items(), strict=False):
        axes.plot(np.arange(len(values)) / motion.rate.value, values, color=colour, lw=1.2)
        axes.set_ylabel(name)
    rows[-1].set_xlabel("seconds")
    save(figure, "settings-layers")


def write_poses(made: Maker, path: Path) -> None:
    """One frame of face weights for each head of each picture: arrays "PICTURE/LABEL" (C,), and "channels"."""
    quiet = {"parts": ("face",), "layers": Layers(None, None, None, None)}
    base = made.motion(**quiet)
    frame = int(np.argmax(base.column("jawOpen")))
    poses = {f"face-strength/{s:g}": made.motion(**quiet, face_strength=s).values[frame] for s in (0.5, 1.0, 1.5)}
    for strength in (0.0, 1.0, 2.0):
        style = Style((("facegood_1114", 1.0),), strength)
        poses[f"style-strength/{strength:g}"] = made.motion(**quiet, style=style).values[frame]
    for name in ("grid_s1", "facegood_1114", "rendered"):
        poses[f"style/{name}"] = made.motion(**quiet, style=Style(((name, 1.0),))).values[frame]
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, channels=np.array(base.channels), **poses)


if __name__ == "__main__":
    main()
