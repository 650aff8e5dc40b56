"""The one door to diface_core: inside the extension it is our sibling, in a checkout a package of its own."""

from typing import TYPE_CHECKING

if "." in __package__ and not TYPE_CHECKING:
    from .. import diface_core
    from ..diface_core import channels, errors, protocol, types
else:
    import diface_core
    from diface_core import channels, errors, protocol, types

__all__ = ["channels", "diface_core", "errors", "protocol", "types"]
