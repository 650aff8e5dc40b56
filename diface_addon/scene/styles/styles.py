"""The styles that the shipped face model was trained on, from the header of its file, personal ones, and blends."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import bpy

from ...core import diface_core, types
from . import packed_styles


def names() -> tuple[str, ...]:
    """All that can be chosen: the trained styles, and the personal ones of this .blend."""
    return (*trained(), *packed_styles.names())


def trained() -> tuple[str, ...]:
    """The names of the model's own styles; none where it is missing or cannot be read."""
    return tuple(_config().get("styles", ()))


def default() -> tuple[str, ...]:
    """The names whose even blend is the default."""
    return tuple(_config().get("default_style", ())) or trained()[:1]


@lru_cache(maxsize=1)
def _config() -> dict[str, list[str]]:
    path = Path(diface_core.__file__).parent / "weights" / "face.safetensors"
    try:
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        return json.loads(header["__metadata__"]["config"])
    except (OSError, ValueError, KeyError):
        return {}  # what is wrong with the file is said when it is used


def make_style(first: str, second: str, mix: float, strength: float, folder: Callable[[], Path]) -> types.Style:
    """The style `first` with the share `mix` of `second`, each a name, a path as Blender has it, or empty.

    No first style is the model's default, no second one is no blend. folder: where this .blend's personal styles are
    unpacked, asked for only where one is named. Raises ModelError and SceneError for one that cannot be.
    """
    shares = [(first, 1.0)] if first else []
    if second:
        firsts = [first] if first else default()
        shares = [(name, (1 - mix) / len(firsts)) for name in firsts] + [(second, mix)]
    blend = tuple((_resolve(name, folder), share) for name, share in shares if share > 0)
    return types.Style(blend, strength)


def restore_style(style: types.Style, folder: Callable[[], Path]) -> types.Style:
    """The style of a take that may have been made elsewhere: its packed files as they are here. Raises as `blended`."""
    return types.Style(tuple((_unpack_if_missing(name, folder), share) for name, share in style.blend), style.strength)


def _resolve(name: str, folder: Callable[[], Path]) -> str:
    if name not in packed_styles.names() or name in trained():
        return bpy.path.abspath(name)
    return str(packed_styles.unpack(name, folder()))


def _unpack_if_missing(name: str, folder: Callable[[], Path]) -> str:
    is_missing = name.endswith(packed_styles.SUFFIX) and not Path(name).is_file()
    return str(packed_styles.unpack_by_path(name, folder()) or name) if is_missing else name
