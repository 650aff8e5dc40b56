"""DiFACE's core: face and head motion from speech by diffusion. Independent of Blender; its import needs only numpy."""

from typing import TYPE_CHECKING, Any

from . import types
from .errors import AudioError, Cancelled, DifaceError, ModelError, SceneError, WorkerError

if TYPE_CHECKING:
    from .types import (
        MODEL_RATE,
        AudioClip,
        AudioSection,
        Constraints,
        FrameRate,
        GenerateRequest,
        GenerateResult,
        Layers,
        Motion,
        Progress,
        Report,
        Style,
    )

__all__ = [
    "MODEL_RATE",
    "AudioClip",
    "AudioError",
    "AudioSection",
    "Cancelled",
    "Constraints",
    "DifaceError",
    "FrameRate",
    "GenerateRequest",
    "GenerateResult",
    "Layers",
    "ModelError",
    "Motion",
    "Progress",
    "Report",
    "SceneError",
    "Style",
    "WorkerError",
]


def __getattr__(name: str) -> Any:
    """Return a name of `types`: in Blender that module is run at its first use."""
    if name in __all__:
        return getattr(types, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
