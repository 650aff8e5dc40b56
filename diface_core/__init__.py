"""DiFACE's core: speech to face and head motion by diffusion. Knows nothing of Blender; needs only numpy to import."""

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
    MotionChunk,
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
    "MotionChunk",
    "Progress",
    "Report",
    "SceneError",
    "Style",
    "WorkerError",
]
