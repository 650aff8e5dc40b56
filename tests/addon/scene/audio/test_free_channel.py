"""Load Audio finds a free channel of the Sequencer, or reports that none is free."""

from __future__ import annotations

import bpy
import pytest

from diface_addon import compat
from diface_addon.core import errors
from diface_addon.scene.audio import audio_strip
from tests.addon.conftest import needs_audio

pytestmark = needs_audio


def fill_channels(scene: bpy.types.Scene, count: int, frames: tuple[int, int]) -> None:
    """Put a colour strip on each of the first channels."""
    new_effect = compat.strips(scene.sequence_editor_create()).new_effect
    first, end = frames
    for channel in range(1, count + 1):
        try:
            new_effect("Colour", "COLOR", channel, first, frame_end=end)
        except TypeError:  # 5.1 and later
            new_effect("Colour", "COLOR", channel, first, length=end - first)


def test_empty_channel_is_used_first(scene, clicks) -> None:
    fill_channels(scene, 3, (1, 10))
    assert audio_strip.add_strip(bpy.context, clicks([0.5]), 50).channel == 4


def test_channel_with_earlier_strips_is_used_if_all_are_taken(scene, clicks) -> None:
    fill_channels(scene, audio_strip.MAX_CHANNELS, (1, 10))
    strip = audio_strip.add_strip(bpy.context, clicks([0.5]), 50)
    assert (strip.channel, compat.strip_bounds(strip)[0]) == (1, 50)


def test_no_free_channel_is_an_error(scene, clicks) -> None:
    fill_channels(scene, audio_strip.MAX_CHANNELS, (1, 100))
    with pytest.raises(errors.AudioError, match="All 128 channels"):
        audio_strip.add_strip(bpy.context, clicks([0.5]), 50)
    with pytest.raises(RuntimeError, match="later frame"):
        bpy.ops.diface.load_audio(filepath=str(clicks([0.5])))
