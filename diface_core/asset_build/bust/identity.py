"""The bundled head's identity: a mix of MakeHuman targets for an adult with features of several populations."""

from __future__ import annotations

from .makehuman import Float64Array, MakeHuman

MALE = 0.35
PEOPLES = {"caucasian": 0.4, "african": 0.25, "asian": 0.35}
BOTH_SIDES = {
    "eyes/{}-eye-scale-incr": 0.35,
    "eyes/{}-eye-height2-incr": 0.35,
    "ears/{}-ear-wing-decr": 0.6,
    "ears/{}-ear-shape-round": 0.4,
}
DETAILS = {
    "mouth/mouth-trans-backward": 0.25,
    "mouth/mouth-angles-up": 0.35,
    "nose/nose-scale-horiz-decr": 0.25,
    "nose/nose-point-width-decr": 0.25,
    "head/head-oval": 0.25,
}


def mix_identity(human: MakeHuman) -> Float64Array:
    """Return the base mesh's vertices (19158, 3) m moved to the bundled head's identity."""
    vertices = human.vertices.copy()
    for gender, share in (("male", MALE), ("female", 1.0 - MALE)):
        vertices += share * human.shape_target(f"macrodetails/universal-{gender}-young-averagemuscle-averageweight")
        for people, part in PEOPLES.items():
            vertices += share * part * human.shape_target(f"macrodetails/{people}-{gender}-young")
    for name, weight in DETAILS.items():
        vertices += weight * human.shape_target(name)
    for name, weight in BOTH_SIDES.items():
        for side in "lr":
            vertices += weight * human.shape_target(name.format(side))
    return vertices
