"""An audio section in messages."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..types import AUDIO_CHANNELS, MIX, AudioSection


def audio_data(audio: AudioSection) -> dict[str, Any]:
    """Return the JSON of a section."""
    return {**dataclasses.asdict(audio), "path": str(audio.path)}


def parse_audio(data: Mapping[str, Any]) -> AudioSection:
    """Return the section of `audio_data`'s JSON. Raises KeyError, TypeError or ValueError if it is malformed."""
    channel = str(data.get("channel", MIX))
    if channel not in AUDIO_CHANNELS:
        raise ValueError(f"expected one of {', '.join(AUDIO_CHANNELS)}, got {channel}")
    return AudioSection(
        Path(data["path"]), data["start"], data["seconds"], channel, data.get("high_pass", False) is True
    )
