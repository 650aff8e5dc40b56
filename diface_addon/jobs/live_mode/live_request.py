"""What Live regenerates, and the settings that it depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import bpy
import numpy as np

from ...core import channels, types
from ...scene.pins import pin
from ...settings import choices, performance
from .. import edit_scope, generate

OVERRIDES = ("seed", "face_strength", "head_strength", "head_axes", "style")
"""Settings that replace those of the take if they are changed while Live is on; also fields of a request."""


class LiveSettings(NamedTuple):
    """The settings whose changes Live applies."""

    seed: int
    face_strength: float
    head_strength: float
    head_axes: tuple[float, float, float]
    style: types.Style
    falloff: float
    keep_motion: float
    regions: frozenset[str]

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that may be regenerated."""
        return choices.editable_channels(set(self.regions))

    @classmethod
    def of(cls, scene: bpy.types.Scene, obj: bpy.types.Object | None) -> LiveSettings:
        """Return the settings of a character, and of the edits in a scene."""
        settings, edit = performance.of_object(obj, scene), scene.diface.edit
        return cls(
            settings.seed,
            settings.face_strength,
            settings.head_strength,
            tuple(settings.head_axes),
            generate.style_from_settings(settings),
            edit.falloff,
            edit.keep_motion,
            frozenset(edit.regions),
        )


@dataclass(frozen=True)
class Regeneration:
    """What is to be regenerated.

    Attributes:
        segments: (scope in edit_scope.SCOPES, first frame, last frame) of each segment.
        channels: Channels that may be regenerated: those of the regions chosen at that time.
        final: Whether it is in full quality; else it is a draft with fewer steps.
    """

    segments: tuple[tuple[str, float, float], ...]
    channels: tuple[str, ...]
    final: bool = False

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts ("face", "head") of the segments, in the order of a request's parts."""
        scope_parts = {edit_scope.SCOPES[scope].part for scope, _first, _last in self.segments}
        return tuple(part for part in channels.PARTS if part in scope_parts)


@dataclass(frozen=True)
class LiveRequest:
    """A request for a regeneration.

    Attributes:
        request: What is sent to the worker.
        regenerate_mask: What of the result is written, bool (T, C).
        pins: The pins within the regenerated rows and their context.
        all_pins: All pins at that time.
        keep_motion: The setting at that time.
    """

    request: types.GenerateRequest
    regenerate_mask: np.ndarray
    pins: tuple[pin.Pin, ...]
    all_pins: list[pin.Pin]
    keep_motion: float
