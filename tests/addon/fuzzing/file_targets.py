"""The readers in Blender's process for files from elsewhere, with small valid files to start from."""

from __future__ import annotations

import json
from pathlib import Path

from diface_addon.rig.mapping.preset import Preset, PresetRow, to_bytes
from diface_addon.rig.mapping.row_settings import BONE_ROTATION, SHAPE_KEY
from diface_addon.scene.mapping import presets
from diface_addon.scene.styles import style_file
from tests.core.fuzzing.target import Target


def _mappings() -> list[bytes]:
    """Return presets of the mapping: a small one, and those that DiFACE brings."""
    rows = (PresetRow("jawOpen", SHAPE_KEY, "Mouth Open"), PresetRow("jawOpen", BONE_ROTATION, bone="jaw", gain=0.3))
    return [to_bytes(Preset("small", rows)), *(path.read_bytes() for path in presets.SHIPPED.glob("*.json"))]


def _styles() -> list[bytes]:
    """Return a style file with a number in each array."""
    tensors = {
        name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * number, 4 * number + 4]}
        for number, name in enumerate(sorted(style_file.TENSORS))
    }
    header = json.dumps({"__metadata__": {"format": style_file.FORMAT, "name": "anna"}, **tensors}).encode()
    return [len(header).to_bytes(8, "little") + header + bytes(12)]


def _read_style(path: Path) -> None:
    style_file.read_name(path.read_bytes(), path.name)


TARGETS = {
    "mapping_preset": Target(".json", presets.read, _mappings),
    "style_header": Target(".safetensors", _read_style, _styles),
}
"""Name -> reader. A new reader is one entry here."""
