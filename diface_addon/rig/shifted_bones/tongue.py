"""How the bones of a tongue move: out between the lips, the tip up, and the body up, like the bundled head's.

Bones that can be shifted are shifted. Those that are connected to their parents turn: they raise tip and body, and the
tongue does not come out.
"""

from __future__ import annotations

from collections.abc import Container

import bpy
import numpy as np
import numpy.typing as npt

from ..character import Character
from ..discovery.movers import Movers
from ..discovery.skin import read_skin
from ..rest_places import world_vertices
from ..stored_bones import BoneAxes
from .bone_shift import to_location

BEYOND = 0.06
"""How far the tip of the bundled head's tongue is in front of the lips at tongueOut 1, in heights of the head."""
DROP = 0.2
"""Its way down, relative to its way forward."""
LIMITS = (0.06, 0.25)
"""Limits of the way forward, in heights of the head."""
USUAL = 0.15
"""The way of the bundled head's tongue, where the lips are not found."""
BESIDE, ABOVE = 0.06, 0.06
"""Half the width and height of the field in front of the tip in which the lips are, in heights of the head."""
TIP_RISE, BODY_RISE = 0.10, 0.06
"""How far tongueTipUp raises the tip, and tongueBodyUp the middle of the bundled head's tongue, in heights of heads."""
TIP_TURN, BODY_TURN = np.radians(45.0), np.radians(35.0)
"""How far a tongue of connected bones turns for them."""
MOST = 0.5
"""A vertex is moved by the tongue that has at least this share of it."""


def tongue_axes(character: Character, reached: Container[str] = ()) -> dict[str, BoneAxes]:
    """Return for each bone of the tongue that can be shifted its location at weight 1 of the tongue's channels.

    The way of the tip is divided equally between the bones of a chain, so that the tongue stretches from its root. The
    rise is that of each bone more than its parent's.

    Args:
        character: The character.
        reached: Channels that shape keys show.
    """
    armature = character.armature
    chain = _free_chain(armature, character.bones.tongue) if armature and character.head_size > 0 else []
    if not chain:
        return {}
    forward, up = -character.facing[:, 1], character.facing[:, 2]
    way = _way(character, chain) / len(chain) * (forward - DROP * up)
    tip, body = (character.head_size * np.diff(rise, prepend=0.0) for rise in _rises(len(chain)))
    ways = {"tongueOut": [way] * len(chain), "tongueTipUp": np.outer(tip, up), "tongueBodyUp": np.outer(body, up)}
    shown = {name: of_bones for name, of_bones in ways.items() if name not in reached and np.any(of_bones)}
    return {
        bone: {name: to_location(armature, bone, of_bones[number]) for name, of_bones in shown.items()}
        for number, bone in enumerate(chain)
    }


def tongue_turns(character: Character, reached: Container[str] = ()) -> dict[str, dict[str, float]]:
    """Return for each connected bone of the tongue how far it turns up at weight 1 of a channel, in radians.

    Args:
        character: The character.
        reached: Channels that shape keys show.
    """
    armature = character.armature
    chain = _connected_chain(armature, character.bones.tongue) if armature else []
    if not chain:
        return {}
    share = np.linspace(0.0, 1.0, len(chain) + 1)[1:]
    tip = TIP_TURN * share / share.sum()
    body = BODY_TURN * np.where(share <= 0.5, 1.0, -1.0) if len(chain) > 1 else np.zeros(1)
    turns = {name: turn for name, turn in (("tongueTipUp", tip), ("tongueBodyUp", body)) if name not in reached}
    return {
        bone: {name: float(turn[number]) for name, turn in turns.items() if turn[number]}
        for number, bone in enumerate(chain)
    }


def _rises(count: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return how far each of a chain of bones rises for the tip and for the body, in heights of the head.

    A single bone moves the whole tongue: it raises the tip alone.
    """
    along = np.arange(1, count + 1) / count
    body = np.sin(np.pi * np.clip(along * count / (count + 0.25), 0, 1)) if count > 1 else np.zeros(1)
    return TIP_RISE * along**2, BODY_RISE * body


def _connected_chain(armature: bpy.types.Object, bones: tuple[str, ...]) -> list[str]:
    """Return the bones of a tongue that no channel can shift, without constraints; none if one of them can be."""
    if _free_chain(armature, bones):
        return []
    return [
        name for name in bones if not any(not constraint.mute for constraint in armature.pose.bones[name].constraints)
    ]


def _free_chain(armature: bpy.types.Object, bones: tuple[str, ...]) -> list[str]:
    """Return the bones of a tongue from its root on, each below the last, whose location can be set."""
    chain: list[str] = []
    for name in bones:
        bone, pose = armature.data.bones[name], armature.pose.bones[name]
        is_below = not chain or any(parent.name == chain[-1] for parent in bone.parent_recursive)
        is_free = not bone.use_connect and not any(not constraint.mute for constraint in pose.constraints)
        if is_below and is_free:
            chain.append(name)
    return chain


def _way(character: Character, chain: list[str]) -> float:
    """Return how far the tip of the tongue goes forward, in world units."""
    size, facing = character.head_size, character.facing
    tip, lips = _tip(character, chain) @ facing, world_vertices(character.main) @ facing
    is_near = (np.abs(lips[:, 0] - tip[0]) < BESIDE * size) & (np.abs(lips[:, 2] - tip[2]) < ABOVE * size)
    in_front = tip[1] - lips[is_near, 1]
    nearest = float(in_front.max(initial=0.0))
    way = nearest + BEYOND * size if 0 < nearest < 2 * USUAL * size else USUAL * size
    return min(max(way, LIMITS[0] * size), LIMITS[1] * size)


def _tip(character: Character, chain: list[str]) -> npt.NDArray[np.float64]:
    """Return the foremost vertex (3,) of the tongue in world coordinates; without vertices the end of the last bone."""
    armature = character.armature
    assert armature is not None
    reach = Movers(armature).reach(chain[0])
    skins = [read_skin(obj, armature) for obj in (*character.faces, *character.on_head)]
    moved = np.concatenate([skin.points[skin.share(reach) >= MOST] for skin in skins])
    if not len(moved):
        return np.array(armature.matrix_world @ armature.data.bones[chain[-1]].tail_local, np.float64)
    return moved[int((moved @ character.facing[:, 1]).argmin())]
