"""Check style files (safetensors) without torch, by their header and size."""

from __future__ import annotations

import json

from ...core import errors

FORMAT = "diface-style-1"
"""Value of "format" in the metadata, as `diface_core.model.style_file` writes it."""
TENSORS = {"vector", "weight", "bias"}
HINT = "Choose a file that Export Style or `python -m diface_core personalise` wrote."


def read_name(data: bytes, file_name: str) -> str:
    """Return the name of the style in the bytes of a style file.

    Args:
        data: The whole file.
        file_name: The file's name, for messages, and for a style without a name.

    Raises:
        ModelError: The file is empty, damaged or not a style file.
    """
    header_size = int.from_bytes(data[:8], "little")
    try:
        header = json.loads(data[8 : 8 + header_size])
        metadata = header.pop("__metadata__")
        is_style = metadata["format"] == FORMAT and set(header) == TENSORS
        end = max(tensor["data_offsets"][1] for tensor in header.values()) if is_style else 0
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as malformed:
        raise errors.ModelError(f"{file_name} is not a style file.", HINT) from malformed
    if not is_style:
        raise errors.ModelError(f"{file_name} is not a style file.", HINT)
    if len(data) != 8 + header_size + end:
        raise errors.ModelError(f"The style file {file_name} is damaged: it is not complete.", HINT)
    return str(metadata.get("name") or file_name)
