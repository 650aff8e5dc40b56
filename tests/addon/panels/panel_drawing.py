"""Draw panels without a window: record what is drawn, and fail for names that Blender does not have."""

from __future__ import annotations

import inspect
from typing import Any

import bpy

from diface_addon import panels


class Layout:
    """Fake UILayout that records what is drawn, and fails for names that Blender does not have."""

    def __init__(self, drawn: list[str]) -> None:
        object.__setattr__(self, "drawn", drawn)

    def __setattr__(self, name: str, _value: Any) -> None:
        assert name in bpy.types.UILayout.bl_rna.properties, name

    def _icon(self, options: dict[str, Any]) -> None:
        known = bpy.types.UILayout.bl_rna.functions["prop"].parameters["icon"].enum_items
        assert options.get("icon", "NONE") in known

    def _part(self, **options: Any) -> Layout:
        return Layout(self.drawn)

    row = column = box = grid_flow = split = _part

    def menu(self, name: str, **options: Any) -> None:
        assert hasattr(bpy.types, name), name
        self._icon(options)
        self.drawn.append(options.get("text", name))

    def prop(self, data: Any, name: str, **options: Any) -> None:
        assert name in data.bl_rna.properties, name
        self._icon(options)
        self.drawn.append(name)

    def prop_search(self, data: Any, name: str, searched: Any, collection: str, **options: Any) -> None:
        assert collection in searched.bl_rna.properties, collection
        self.prop(data, name, **options)

    def operator(self, name: str, **options: Any) -> Any:
        group, verb = name.split(".")
        kind = getattr(getattr(bpy.ops, group), verb).get_rna_type()
        self._icon(options)
        self.drawn.extend([name, options["text"]] if options.get("text") else [name])
        return type("Settings", (), {"__slots__": tuple(p.identifier for p in kind.properties)})()

    def template_list(
        self, kind: str, _id: str, data: Any, name: str, active: Any, index: str, **_options: Any
    ) -> None:
        """Draw the rows as Blender does."""
        listed = Rows(getattr(bpy.types, kind))
        flags, places = listed.filter_items(bpy.context, data, name)
        items = sorted(zip(places, flags, getattr(data, name), strict=True), key=lambda item: item[0])
        assert getattr(active, index) < len(items)
        for place, flag, item in items:
            if flag == listed.bitflag_filter_item:
                self.drawn.append(item.name)
                number = (place,) if "index" in inspect.signature(listed.draw_item).parameters else ()
                listed.draw_item(bpy.context, self, data, item, 0, active, index, *number)

    def separator(self, **_options: Any) -> None:
        """Record nothing."""

    def label(self, text: str = "", **options: Any) -> None:
        self._icon(options)
        self.drawn.append(text)

    def progress(self, *, factor: float, text: str, **_options: Any) -> None:
        assert 0 <= factor <= 1
        self.drawn.append(f"{factor:.0%} {text}")


class Rows:
    """Fake UIList of the class `kind`."""

    filter_name, bitflag_filter_item = "", 1 << 30

    def __init__(self, kind: type[bpy.types.UIList]) -> None:
        self.filter_items = kind.filter_items.__get__(self)
        self.draw_item = kind.draw_item.__get__(self)


def drawn(panel: str = "Main") -> list[str]:
    """Return the items that a panel draws."""
    found: list[str] = []
    type("Panel", (getattr(panels, panel),), {"layout": Layout(found)})().draw(bpy.context)
    return found
