"""All checks of a face's motion."""

from __future__ import annotations

from ..types import Finding, Float32Array
from .evidence import Evidence
from .false_contacts import false_contacts
from .missed_closures import missed_closures
from .silence import moving_in_silence
from .sync_offset import sync_offset


def check_motion(weights: Float32Array, evidence: Evidence) -> tuple[Finding, ...]:
    """Return what is wrong with face weights (T, 52), in the order of time.

    A motion with a sync offset has no other findings: they would follow from it.
    """
    if offset := sync_offset(weights, evidence):
        return tuple(offset)
    checks = (missed_closures, false_contacts, moving_in_silence)
    found = [finding for check in checks for finding in check(weights, evidence)]
    return tuple(sorted(found, key=lambda finding: (finding.first, finding.kind)))
