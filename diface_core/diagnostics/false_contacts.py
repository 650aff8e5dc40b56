"""False contacts: the lips meet where the sound needs an open mouth."""

from __future__ import annotations

import numpy as np

from ..faces.lip_geometry import SHUT_GAP_MM, lip_gap
from ..types import Finding, Float32Array
from .evidence import Evidence, runs
from .missed_closures import closures
from .poses import MOUTH, pose_pins

OPEN_MM = 3.0
"""Distance of the reference's lips, at every row of a contact and around it, above which the contact is false."""
MARGIN_SECONDS = 0.1
"""A contact may be this much earlier or later than a closure of the reference."""


def false_contacts(weights: Float32Array, evidence: Evidence) -> list[Finding]:
    """Return the contacts of face weights (T, 52) that the sound does not need; `amount` is the distance it needs."""
    gap, reference_gap = lip_gap(weights), lip_gap(evidence.reference)
    margin, speech = round(MARGIN_SECONDS * evidence.rate.value), evidence.speech_mask()
    needed = np.zeros(len(gap), bool)
    for first, last in closures(evidence, reference_gap):
        needed[max(0, first - margin) : last + 1 + margin] = True
    found = []
    for first, last in runs(gap < SHUT_GAP_MM):
        around = slice(max(0, first - margin), last + 1 + margin)
        wanted = float(reference_gap[around].min())
        if wanted > OPEN_MM and speech[first : last + 1].all() and not needed[first : last + 1].any():
            row = first + int(reference_gap[first : last + 1].argmax())
            found.append(Finding("false_contact", first, last, wanted, pose_pins(row, evidence.reference[row, MOUTH])))
    return found
