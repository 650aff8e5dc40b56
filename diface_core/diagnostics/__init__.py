"""Checks of a face's motion against its sound: pure functions of numpy, one check a module.

The evidence for what the sound needs is a reference: the motion that the face model itself has for the sound with
variety 0, which does not depend on a seed; and phones, where a transcript was aligned.
"""

from __future__ import annotations

from .check_motion import check_motion
from .evidence import Evidence, reference_request

__all__ = ["Evidence", "check_motion", "reference_request"]
