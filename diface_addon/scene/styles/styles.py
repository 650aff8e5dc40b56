"""Styles: those of the shipped face model (from the header of its file), personal ones, and blends."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import bpy

from ...core import diface_core, types
from . import packed_styles, style_names


def names() -> tuple[str, ...]:
    """Return all names that can be chosen: the trained styles, then the personal styles of this .blend."""
    return (*trained(), *packed_styles.names())


def trained() -> tuple[str, ...]:
    """Return the names of the styles that the model was trained on; empty if its file cannot be read."""
    return tuple(_config().get("styles", ()))


def default() -> tuple[str, ...]:
    """Return the names of the styles whose equal blend is the default."""
    return tuple(_config().get("default_style", ())) or trained()[:1]


@lru_cache(maxsize=1)
def _config() -> dict[str, list[str]]:
    path = Path(diface_core.__file__).parent / "weights" / "face.safetensors"
    try:
        with path.open("rb") as file:
            header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        return json.loads(header["__metadata__"]["config"])
    except (OSError, ValueError, KeyError):
        return {}  # the worker reports what is wrong with the file


def make_style(first: str, second: str, mix: float, strength: float, folder: Callable[[], Path]) -> types.Style:
    """Return a style, or the blend of two.

    Args:
        first: Name or path of the style; empty for the default style of the model.
        second: Name or path of the style that is blended in; empty for none.
        mix: Share of the second style, 0 to 1.
        strength: 0 is neutral, 1 the style as trained, above 1 exaggerates it.
        folder: Returns the folder to unpack personal styles to. Called only if one is used.

    Raises:
        ModelError: A packed style is damaged.
        SceneError: A packed style cannot be written.
    """
    shares = [(first, 1.0)] if first else []
    if second:
        first_names = [first] if first else default()
        shares = [(name, (1 - mix) / len(first_names)) for name in first_names] + [(second, mix)]
    blend = tuple((_resolve(name, folder), share) for name, share in shares if share > 0)
    return types.Style(blend, strength)


def restore_style(style: types.Style, folder: Callable[[], Path]) -> types.Style:
    """Return the style of a take from another computer, with its packed files unpacked here. Raises as `make_style`."""
    return types.Style(tuple((_unpack_if_missing(name, folder), share) for name, share in style.blend), style.strength)


def _resolve(name: str, folder: Callable[[], Path]) -> str:
    if name not in packed_styles.names():
        name = style_names.identifier(name)
    if name not in packed_styles.names() or name in trained():
        return bpy.path.abspath(name)
    return str(packed_styles.unpack(name, folder()))


def _unpack_if_missing(name: str, folder: Callable[[], Path]) -> str:
    is_missing = name.endswith(packed_styles.SUFFIX) and not Path(name).is_file()
    return str(packed_styles.unpack_by_path(name, folder()) or name) if is_missing else name
