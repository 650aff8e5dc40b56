"""What is found in a character's mesh before the bundled head is fitted to it: mouth, eyes, sides of the lips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...errors import SceneError
from .front_view import FrontView
from .lip_sides import LipSides, find_lip_sides
from .openings import Opening, find_eye, find_mouth
from .surface_fit import Landmarks, opening_landmarks
from .target_mesh import TargetMesh
from .template import Template

Float64Array = npt.NDArray[np.float64]

SIDES = {"Left": 1, "Right": -1}
"""Side -> sign of X."""


@dataclass(frozen=True)
class Features:
    """The features of a face.

    Attributes:
        mouth: The lips' edges, in the view of the skin.
        eyes: Side -> the view that the eye is seen in, and its lids' rims.
        lips: The sides of the mouth.
        landmarks: Of the mouth and of the eyes.
        notes: What was not found, for the user.
    """

    mouth: Opening
    eyes: dict[str, tuple[FrontView, Opening]]
    lips: LipSides
    landmarks: tuple[Landmarks, ...]
    notes: tuple[str, ...]


def find_features(template: Template, target: TargetMesh, picks: Float64Array | None = None) -> Features:
    """Return the features of a face.

    Args:
        template: The bundled head.
        target: The mesh in the bundled head's frame.
        picks: (5, 3) the places of `channels.LANDMARKS` in this frame; None if they were not picked.

    Raises:
        SceneError: It has no mouth that can open.
    """
    view = target.skin_view
    off = np.zeros((5, 3)) if picks is None else picks - template.picks
    mouth = find_mouth(view, _across(off[2:4].mean(axis=0)))
    if mouth is None:
        raise SceneError(
            "No mouth that can open was found in the mesh.",
            "Its lips must be separate surfaces, with an opening or the inside of a mouth behind them.",
        )
    landmarks = [opening_landmarks(template, template.mouth, view, mouth)]
    if picks is not None:
        landmarks.append(Landmarks(np.full((1, 3), template.chin, np.int32), np.array([[1.0, 0.0, 0.0]]), picks[4:]))
    eyes: dict[str, tuple[FrontView, Opening]] = {}
    notes: list[str] = []
    for side, sign in SIDES.items():
        shift = _across(off[0 if side == "Left" else 1])
        found = [(shown, find_eye(shown, sign, shift)) for shown in (target.eye_view, view)]
        seen = next(((shown, eye) for shown, eye in found if eye is not None), None)
        if seen is None:
            notes.append(f"The {side.lower()} eye's lids were not found: check its blink.")
        else:
            eyes[side] = seen
            landmarks.append(opening_landmarks(template, template.eye(sign), *seen))
    lips = find_lip_sides(target.vertices, target.skin_faces, view, mouth)
    return Features(mouth, eyes, lips, tuple(landmarks), tuple(notes))


def _across(offset: Float64Array) -> tuple[float, float]:
    """Return X and Z of an offset (3,)."""
    return float(offset[0]), float(offset[2])
