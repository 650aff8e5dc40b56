"""What is found in a character's mesh before the bundled head is fitted to it: mouth, eyes, sides of the lips."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import SceneError
from .front_view import FrontView
from .lip_sides import LipSides, find_lip_sides
from .openings import Opening, find_eye, find_mouth
from .surface_fit import Landmarks, opening_landmarks
from .target_mesh import TargetMesh
from .template import Template

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


def find_features(template: Template, target: TargetMesh) -> Features:
    """Return the features of a face. Raises SceneError if it has no mouth that can open."""
    view = target.skin_view
    mouth = find_mouth(view)
    if mouth is None:
        raise SceneError(
            "No mouth that can open was found in the mesh.",
            "Its lips must be separate surfaces, with an opening or the inside of a mouth behind them.",
        )
    landmarks = [opening_landmarks(template, template.mouth, view, mouth)]
    eyes: dict[str, tuple[FrontView, Opening]] = {}
    notes: list[str] = []
    for side, sign in SIDES.items():
        found = [(shown, find_eye(shown, sign)) for shown in (target.eye_view, view)]
        seen = next(((shown, eye) for shown, eye in found if eye is not None), None)
        if seen is None:
            notes.append(f"The {side.lower()} eye's lids were not found: check its blink.")
        else:
            eyes[side] = seen
            landmarks.append(opening_landmarks(template, template.eye(sign), *seen))
    lips = find_lip_sides(target.vertices, target.skin_faces, view, mouth)
    return Features(mouth, eyes, lips, tuple(landmarks), tuple(notes))
