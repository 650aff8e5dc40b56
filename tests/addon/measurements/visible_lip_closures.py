"""Count frames with visibly closed lips: `python -m tests.addon.measurements.visible_lip_closures ROWS.npz`.

`python -m diface_core.training.evaluation.lip_closures --rows ROWS.npz` writes ROWS.npz: the closest row of every m, b,
p. Runs in a Python that has Blender as a module, in the checkout.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np

import diface_addon
from diface_addon.cli.demo import suppress_output
from diface_addon.core import channels

PIXELS = 1080
"""Height and width of the portrait that the add-on's stage frames: full HD, three pixels a millimetre."""
MOUTH = ((0.40, 0.60), (0.26, 0.44))
"""The part of the picture that is rendered, from left to right and from below, with room for a wide open mouth."""
SEEN = 1
"""Largest invisible opening in pixels of a column, about 0.4 mm (judged by eye, docs/research/quality.md)."""

FLAT = {"DiFACE Skin": (0.0, 1.0, 0.0, 1.0), "DiFACE Mouth": (1.0, 0.0, 0.0, 1.0), "DiFACE Teeth": (1.0, 0.0, 0.0, 1.0)}
"""Colours of the materials that identify a pixel; all others are black."""


class Portrait:
    """The bundled head in the stage's camera, every material in one flat colour."""

    def __init__(self) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.ops.diface.add_head(with_stage=True)
        self._scene, self._head = bpy.context.scene, bpy.context.scene.objects["DiFACE Head"]
        for material in self._head.data.materials:
            material.diffuse_color = FLAT.get(material.name, (0.0, 0.0, 0.0, 1.0))
        self._set_up()

    def _set_up(self) -> None:
        scene, render, shading = self._scene, self._scene.render, self._scene.display.shading
        render.engine = "BLENDER_WORKBENCH"
        shading.light, shading.color_type = "FLAT", "MATERIAL"
        shading.show_cavity = shading.show_object_outline = shading.show_shadows = False
        scene.display.render_aa = "OFF"
        scene.view_settings.view_transform = "Standard"
        render.resolution_x = render.resolution_y = PIXELS
        render.image_settings.file_format = "PNG"
        render.use_border = render.use_crop_to_border = True
        (render.border_min_x, render.border_max_x), (render.border_min_y, render.border_max_y) = MOUTH

    def render(self, weights: np.ndarray, path: Path) -> np.ndarray:
        """Return the rendered mouth for weights (52,): pixels (H, W, 4), bottom row first; also written to `path`."""
        keys = self._head.data.shape_keys.key_blocks
        for name, weight in zip(channels.FACE, weights, strict=True):
            keys[name].value = float(weight)
        self._scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(str(path), check_existing=False)
        pixels = np.empty((image.size[1], image.size[0], 4), np.float32)
        image.pixels.foreach_get(pixels.ravel())
        bpy.data.images.remove(image)
        return pixels


def inside(pixels: np.ndarray) -> np.ndarray:
    """Return which pixels (H, W) show the inside of the mouth: teeth or flesh."""
    return (pixels[..., 0] > 0.5) & (pixels[..., 1] < 0.5)


def opening(pixels: np.ndarray) -> int:
    """Return the largest number of pixels of the inside of the mouth in one column."""
    return int(inside(pixels).sum(axis=0).max())


@contextlib.contextmanager
def registered() -> Iterator[None]:
    """Register the add-on, and unregister it at the end: Blender crashes at exit if something is left."""
    diface_addon.register()
    try:
        yield
    finally:
        diface_addon.unregister()


def interval(closed: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Return the ends of the 95% bootstrap interval of the share in %."""
    shares = np.random.default_rng(seed).choice(closed, (1000, len(closed))).mean(axis=1)
    low, high = 100 * np.quantile(shares, [0.025, 0.975])
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.addon.measurements.visible_lip_closures", description=__doc__
    )
    parser.add_argument("rows", type=Path)
    parser.add_argument("--frames", type=Path, help="keep the pictures here")
    given = parser.parse_args()
    with np.load(given.rows) as rows:
        weights, labels, gaps = rows["weights"], rows["labels"], rows["gap_mm"]
    with registered(), tempfile.TemporaryDirectory() as folder:
        kept = given.frames or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        with suppress_output():
            portrait = Portrait()
            seen = [opening(portrait.render(row, kept / f"{n:03d}.png")) for n, row in enumerate(weights)]
    for label, pixels, gap in zip(labels, seen, gaps, strict=True):
        print(f"{label}: {pixels} pixels, {gap:.2f} mm{'' if pixels <= SEEN else ', open'}")  # noqa: T201
    shut = np.array(seen) <= SEEN
    low, high = interval(shut)
    print(f"m b p visibly closed: {shut.sum()} of {len(shut)}, {100 * shut.mean():.0f}% ({low:.0f} to {high:.0f})")  # noqa: T201


if __name__ == "__main__":
    main()
