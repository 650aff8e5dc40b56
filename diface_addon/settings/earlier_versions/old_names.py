"""The settings of a performance by the names that they had until 0.1.0, `scene.diface.seed` and others, for scripts."""

from __future__ import annotations

from .. import performance, scene_settings


class _OldName:
    """A setting of `scene.diface` that is now one of the active character."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, settings: scene_settings.DifaceSettings | None, owner: type) -> object:
        if settings is None:
            return self
        scene = settings.id_data
        return getattr(performance.of_object(scene_settings.character_in(scene), scene), self._name)

    def __set__(self, settings: scene_settings.DifaceSettings, value: object) -> None:
        scene = settings.id_data
        setattr(performance.give_own(scene_settings.character_in(scene), scene), self._name, value)


def register() -> None:
    for name in performance.names():
        setattr(scene_settings.DifaceSettings, name, _OldName(name))


def unregister() -> None:
    for name in performance.names():
        delattr(scene_settings.DifaceSettings, name)
