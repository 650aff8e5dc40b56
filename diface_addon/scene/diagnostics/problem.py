"""A problem: one row of Diagnostics, and what fixes it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import NamedTuple


class PoseKey(NamedTuple):
    """A channel's value at a frame, which fixes a problem if it is pinned."""

    frame: float
    channel: str
    value: float


@dataclass(frozen=True)
class Problem:
    """Something wrong in the active animation.

    Attributes:
        kind: A key of `wording.KINDS`.
        text: A short sentence for the user.
        first: First frame.
        last: Last frame.
        jump: The frame to look at.
        keys: Pins that fix it; empty if other means do.
        target: What the fix acts on: the name of a track, strip or shape key.
        amount: How large it is, in the unit of `types.Finding`.
    """

    kind: str
    text: str
    first: float
    last: float
    jump: float
    keys: tuple[PoseKey, ...] = ()
    target: str = ""
    amount: float = 0.0

    def to_json(self) -> str:
        """Return the problem as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Problem:
        """Return the problem of `to_json`."""
        fields = json.loads(text)
        return cls(**{**fields, "keys": tuple(PoseKey(*key) for key in fields["keys"])})
