"""Which bones move when one bone is rotated: its descendants, and what constraints make follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import bpy

from .scene_index import constraint_targets

MIN_INFLUENCE = 0.5
"""A bone follows a constraint with more influence than this."""
_TURN = frozenset({"COPY_TRANSFORMS", "COPY_ROTATION", "ARMATURE", "CHILD_OF"})
"""Constraints by which a bone follows the rotation of another."""
_SHIFT = frozenset({"COPY_LOCATION", "STRETCH_TO", "DAMPED_TRACK", "TRACK_TO", "LOCKED_TRACK", "IK"})
"""Constraints by which a bone follows another that changes its place, as the descendants of a rotated bone do."""
AIM = frozenset({"DAMPED_TRACK", "TRACK_TO", "LOCKED_TRACK", "IK"})
"""Constraints by which a bone aims at another."""


class Movers:
    """The bones of an armature that follow each bone."""

    def __init__(self, armature: bpy.types.Object) -> None:
        self.armature = armature
        self._children: dict[str, list[str]] = defaultdict(list)
        self._turned: dict[str, list[str]] = defaultdict(list)
        self._shifted: dict[str, list[str]] = defaultdict(list)
        self.leaders: dict[str, list[str]] = defaultdict(list)
        self.aim_targets: set[str] = set()
        self._reach: dict[tuple[str, bool], frozenset[str]] = {}
        for bone in armature.data.bones:
            if bone.parent:
                self._children[bone.parent.name].append(bone.name)
                self.leaders[bone.name].append(bone.parent.name)
        for pose in armature.pose.bones:
            for constraint in pose.constraints:
                self._add(pose.name, constraint)

    def _add(self, bone: str, constraint: bpy.types.Constraint) -> None:
        """Note what a bone follows by a constraint."""
        if constraint.mute or constraint.influence <= MIN_INFLUENCE:
            return
        for target, leader in constraint_targets(constraint):
            if target != self.armature or not leader:
                continue
            if constraint.type in _TURN:
                self._turned[leader].append(bone)
                self.leaders[bone].append(leader)
            elif constraint.type in _SHIFT:
                self._shifted[leader].append(bone)
            if constraint.type in AIM:
                self.aim_targets.add(leader)

    def reach(self, bone: str) -> frozenset[str]:
        """Return the bones that move when `bone` is rotated, itself included."""
        return self._reached(bone, False)

    def reach_of_shift(self, bone: str) -> frozenset[str]:
        """Return the bones that move when `bone` is shifted, itself included."""
        return self._reached(bone, True)

    def _reached(self, bone: str, is_shifted: bool) -> frozenset[str]:
        start = bone, is_shifted
        if start not in self._reach:
            waiting, found = [start], {start}
            while waiting:
                new = [state for state in self._followers(*waiting.pop()) if state not in found]
                found.update(new)
                waiting += new
            self._reach[start] = frozenset(name for name, _is_shifted in found)
        return self._reach[start]

    def _followers(self, bone: str, is_shifted: bool) -> Iterator[tuple[str, bool]]:
        """Yield the bones that follow one that is rotated, or also shifted, with whether they are shifted."""
        yield from ((name, True) for name in self._children[bone])
        yield from ((name, is_shifted) for name in self._turned[bone])
        if is_shifted:
            yield from ((name, True) for name in self._shifted[bone])

    def all_leaders(self, bones: set[str]) -> set[str]:
        """Return bones with all that move them."""
        found: set[str] = set()
        waiting = list(bones)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += self.leaders[name]
        return found
