"""Folders of the checkout, and the operating system."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / ".build"  # environments, downloads and other intermediate files
OUT = ROOT / "out"  # results for the user
PINNED = ROOT / "wheels"  # lists of pinned, hashed packages, written by wheels/lock.py
ASSETS = ROOT / "diface_core" / "assets"

WINDOWS = os.name == "nt"
LINUX = sys.platform.startswith("linux")
