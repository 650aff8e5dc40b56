"""DiFACE's core: face and head motion from speech by diffusion. Independent of Blender; its import needs only numpy."""

from .errors import AudioError, Cancelled, DifaceError, ModelError, SceneError, WorkerError
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
