"""The one door to diface_core: inside the extension it is our sibling, in a checkout a package of its own."""

from typing import TYPE_CHECKING

if "." in __package__ and not TYPE_CHECKING:
    from .. import diface_core
    from ..diface_core import bend, channels, errors, protocol, request_file, types
    from ..diface_core.faces import flame, flame_recognition, identities, placement
    from ..diface_core.faces.head import Head, load_head
else:
    import diface_core
    from diface_core import bend, channels, errors, protocol, request_file, types
    from diface_core.faces import flame, flame_recognition, identities, placement
    from diface_core.faces.head import Head, load_head

__all__ = [
    "Head",
    "bend",
    "channels",
    "diface_core",
    "errors",
    "flame",
    "flame_recognition",
    "identities",
    "load_head",
    "placement",
    "protocol",
    "request_file",
    "types",
]
