"""Print the table of docs/research/shape-names.md: the channels that are found in each convention.

python -m tests.addon.measurements.measure_shape_names NAMES.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from diface_addon.core import channels
from diface_addon.rig import shape_names


def main(file: Path) -> None:
    print("| convention | shape keys | channels found | missing |")
    print("|---|---|---|---|")
    for convention, entry in json.loads(file.read_text("utf-8")).items():
        targets = shape_names.named_targets(entry["names"])
        found = shape_names.coverage(targets)
        print(f"| `{convention}` | {len(entry['names'])} | {found.found} | {_missing(found.missing)} |")


def _missing(missing: tuple[str, ...]) -> str:
    """Return the channels without their sides; a count if they are many."""
    stems = dict.fromkeys(channel.removesuffix("Left").removesuffix("Right") for channel in missing)
    return ", ".join(stems) if len(stems) <= 8 else f"{len(missing)} of {len(channels.FACE)}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
