"""DiFACE in Blender: registers every part in order, and takes them back in reverse."""

from . import preferences, properties

MODULES = (preferences, properties)


def register() -> None:
    for module in MODULES:
        module.register()


def unregister() -> None:
    for module in reversed(MODULES):
        module.unregister()
