"""What drivers set over time, without moving the scene's frame.

Copies of the drivers are evaluated on an Empty in a temporary scene, which depends only on what they read: the
character that has them is not deformed. An expression with `self` reads the Empty, so that it fails there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import bpy
import numpy as np
import numpy.typing as npt

from . import temporary_scene


def sample(
    drivers: Mapping[str, bpy.types.FCurve], frames: npt.NDArray[np.float64]
) -> dict[str, npt.NDArray[np.float64]]:
    """Return the values (T,) at `frames` (T,) of the properties that `drivers` set, by the same names."""
    if not drivers:
        return {}
    found = np.empty((len(drivers), len(frames)))
    with temporary_scene.temporary_scene() as scene:
        empty = bpy.data.objects.new(".diface_drivers", None)
        scene.collection.objects.link(empty)
        for number, driver in enumerate(drivers.values()):
            empty[str(number)] = 0.0
            empty.animation_data_create().drivers.from_existing(src_driver=driver).data_path = f'["{number}"]'
        for row, graph in temporary_scene.at_frames(scene, frames):
            evaluated = empty.evaluated_get(graph)
            found[:, row] = [evaluated[str(number)] for number in range(len(drivers))]
    return dict(zip(drivers, found, strict=True))


def sources(drivers: Mapping[str, bpy.types.FCurve]) -> Iterator[bpy.types.ID]:
    """Yield the data-blocks that drivers read."""
    for driver in drivers.values():
        for variable in driver.driver.variables:
            yield from (target.id for target in variable.targets if target.id is not None)
