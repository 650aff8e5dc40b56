"""Which names of shape keys are those of a face."""

import json
from pathlib import Path

import pytest

from diface_addon.rig.discovery import shape_words

NAMES = Path(__file__).parents[4] / "shared" / "data" / "characters" / "names.json"
if not NAMES.exists():
    NAMES = Path("/work/shared/data/characters/names.json")
