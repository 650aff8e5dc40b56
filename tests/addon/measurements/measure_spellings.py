"""Print how many of ARKit's channels are found in names of other spellings, and how many names mean a wrong one.

python -m tests.addon.measurements.measure_spellings [--sets 400]
"""

from __future__ import annotations

import argparse

import numpy as np

from diface_addon.core import channels
from diface_addon.rig import shape_names
from tests.addon.rig.shape_names import spellings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=400, help="sets of 52 names, each in a spelling drawn at random")
    count, rng = parser.parse_args().sets, np.random.default_rng(0)
    missed = wrong = 0
    for _ in range(count):
        tables = (sorted(spellings.CASES), spellings.SIDES, ["", *spellings.PREFIXES], ["", *spellings.ENDINGS])
        names = spellings.names_of_face(*(table[rng.integers(len(table))] for table in tables))
        found = {target.channel: target.name for target in shape_names.named_targets(list(names.values()))}
        lost = [names[channel] for channel in channels.FACE if channel not in found]
        if lost:
            print(f"{len(lost)} missed: {', '.join(lost[:4])}")
        missed += len(lost)
        wrong += sum(names.get(channel) != name for channel, name in found.items())
    print(f"{count * len(channels.FACE)} names in {count} spellings: {missed} missed, {wrong} wrong")


if __name__ == "__main__":
    main()
