"""Fit the bones of a face to the shape keys of the same mesh, and write them as a preset of the mapping.

Some characters of a maker have shape keys as well as bones for the face, others of the same skeleton only the bones.
Each shape is fitted by turns and movements of few bones: orthogonal matching pursuit (Pati et al. 1993) over the bones'
axes, with linear blend skinning to first order.

    python -m tests.addon.measurements.fit_bone_preset character.fbx "Rocketbox Face Bones" --prefix Bip01
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np
import numpy.typing as npt

import diface_addon
from diface_addon.core import channels
from diface_addon.rig.character import Character
from diface_addon.rig.discovery.discover import discover
from diface_addon.rig.discovery.skin import read_skin
from diface_addon.rig.mapping import preset, row_settings
from diface_addon.rig.shape_displacement import positions
from diface_addon.rig.shape_names import named_targets
from diface_addon.scene.mapping import presets

MOST_TERMS = 8
ENOUGH = 0.02
"""Share of a shape's squared displacement that a term must explain."""
SMALLEST_SHARE = 0.3
"""Share that all terms must explain, or the channel is left out."""
AT_ONCE = 1000
"""Vertices that are read at once, as more would be thinned out."""
TURNED = ("jaw", "eye")
"""Ends of the names of the bones that turn; the others move."""


@dataclass(frozen=True)
class _Term:
    """One axis of one bone: the displacement (V, 3) for one unit, in world axes."""

    bone: str
    kind: str
    axis: str
    moved: npt.NDArray[np.float64]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("character", type=Path, help="an FBX file")
    parser.add_argument("name", help="name of the preset")
    parser.add_argument("--prefix", default="", help="beginning of the names of the bones")
    options = parser.parse_args()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    diface_addon.register()
    bpy.ops.import_scene.fbx(filepath=str(options.character))
    character = discover(next(obj for obj in bpy.data.objects if obj.type == "ARMATURE"))
    rows = fit(character, options.prefix)
    presets.write(presets.SHIPPED / f"{options.name}.json", preset.Preset(options.name, tuple(rows)))
    diface_addon.unregister()


def fit(character: Character, prefix: str) -> list[preset.PresetRow]:
    """Return the rows of the channels that bones can make."""
    terms, keys = _terms(character, prefix), character.main.data.shape_keys
    names = [key.name for key in keys.key_blocks if key != keys.reference_key]
    linear = np.array(character.main.matrix_world.to_3x3())
    rows = []
    for target in named_targets(names):
        if target.channel in channels.FACE:
            key = keys.key_blocks[target.name]
            wanted = (positions(key) - positions(key.relative_key)) @ linear.T
            found, share = _pursuit(wanted.astype(np.float64), terms)
            sys.stdout.write(f"{target.channel:20s} {share:.0%} {' '.join(term.bone for term, _gain in found)}\n")
            if share >= SMALLEST_SHARE:
                rows += [_row(target.channel, term, gain) for term, gain in found]
    return rows


def _terms(character: Character, prefix: str) -> list[_Term]:
    """Return every axis of the bones below the head, with how it moves the mesh."""
    armature = character.armature
    points, weights = _weights(character)
    terms = []
    for bone in armature.data.bones[character.bones.head].children_recursive:
        below = [one.name for one in (bone, *bone.children_recursive)]
        weight = sum((weights[name] for name in below if name in weights), np.zeros(len(points)))
        if not bone.name.startswith(prefix) or weight.max() < 0.01:
            continue
        axes = np.array(armature.matrix_world.to_3x3() @ bone.matrix_local.to_3x3())
        axes = axes / np.linalg.norm(axes, axis=0)
        arm = points - np.array(armature.matrix_world @ bone.head_local)
        turns = bone.name.lower().endswith(TURNED)
        for number, axis in enumerate("XYZ"):
            if turns:
                moved = weight[:, None] * np.cross(axes[:, number], arm)
                terms.append(_Term(bone.name, row_settings.BONE_ROTATION, axis, moved))
            else:
                moved = character.head_size * weight[:, None] * axes[:, number]
                terms.append(_Term(bone.name, row_settings.BONE_LOCATION, axis, moved))
    return terms


def _weights(character: Character) -> tuple[npt.NDArray[np.float64], dict[str, npt.NDArray[np.float64]]]:
    """Return the vertices (V, 3) in world coordinates, and the weights (V,) of each bone."""
    count = len(character.main.data.vertices)
    points, weights = np.zeros((count, 3)), {}
    for first in range(0, count, AT_ONCE):
        chunk = np.arange(first, min(first + AT_ONCE, count))
        skin = read_skin(character.main, character.armature, chunk)
        points[chunk] = skin.points
        for number, bone in enumerate(skin.bones):
            weights.setdefault(bone, np.zeros(count))[chunk] = skin.weights[:, number]
    return points, weights


def _pursuit(wanted: npt.NDArray[np.float64], terms: list[_Term]) -> tuple[list[tuple[_Term, float]], float]:
    """Return the terms of a displacement (V, 3) with their amounts, and the share of its square that they explain."""
    whole, left = float((wanted**2).sum()), wanted
    chosen: list[_Term] = []
    amounts = np.zeros(0)
    for _ in range(MOST_TERMS):
        scores = [abs((term.moved * left).sum()) / np.linalg.norm(term.moved) for term in terms]
        best = terms[int(np.argmax(scores))]
        if max(scores) ** 2 < ENOUGH * whole:
            break
        chosen.append(best)
        matrix = np.stack([term.moved.ravel() for term in chosen], axis=1)
        amounts = np.linalg.lstsq(matrix, wanted.ravel(), rcond=None)[0]
        left = wanted - (matrix @ amounts).reshape(wanted.shape)
    share = 1.0 - float((left**2).sum()) / max(whole, 1e-30)
    return list(zip(chosen, amounts.tolist(), strict=True)), share


def _row(channel: str, term: _Term, gain: float) -> preset.PresetRow:
    rounded = math.radians(round(math.degrees(gain), 1)) if term.kind == row_settings.BONE_ROTATION else round(gain, 4)
    return preset.PresetRow(channel, term.kind, "", term.bone, term.axis, rounded)


if __name__ == "__main__":
    main()
