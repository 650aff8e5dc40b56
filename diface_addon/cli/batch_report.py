"""The report of a scene's lines: a page, the same as JSON, and a picture of each line."""

from __future__ import annotations

import dataclasses
import html
import json
from pathlib import Path

import bpy
from mathutils import Vector

from ..core import errors
from ..jobs.dialogue import lines
from ..scene.files import atomic_write
from ..scene.files.scene_copy import scene_copy

SIZE = 192
"""Width and height of a picture in pixels."""
DISTANCE = 1.8
"""Distance of the camera from a face, in heights of the face's mesh or half a metre, whichever is less."""


@dataclasses.dataclass(frozen=True)
class Row:
    """A line: its name, its state, why it failed ("" if it did not), and the seconds that it took."""

    label: str
    state: str
    reason: str = ""
    took: float = 0.0
    picture: str = ""


def write(context: bpy.types.Context, folder: Path, rows: list[Row], with_pictures: bool) -> None:
    """Write report.json, report.html and the pictures. Raises SceneError if the folder cannot be written."""
    atomic_write.make_folder(folder)
    if with_pictures:
        pictures = _pictures(context, folder)
        rows = [dataclasses.replace(row, picture=pictures.get(row.label, "")) for row in rows]
    rows = sorted(rows, key=lambda row: not row.reason)
    content = json.dumps([dataclasses.asdict(row) for row in rows], indent=1, ensure_ascii=False)
    files = {folder / "report.json": content, folder / "report.html": _page(rows)}
    with atomic_write.replacing_each(files) as drafts:
        for path, text in files.items():
            drafts[path].write_text(text, "utf-8")


def _page(rows: list[Row]) -> str:
    cells = []
    for row in rows:
        picture = f'<img src="{html.escape(row.picture)}" width="{SIZE}" alt="">' if row.picture else ""
        text = [row.label, row.state, row.reason, f"{row.took:g} s" if row.took else ""]
        cells.append(f"<tr><td>{picture}</td>" + "".join(f"<td>{html.escape(part)}</td>" for part in text) + "</tr>")
    head = "<tr><th></th><th>line</th><th>state</th><th>reason</th><th>took</th></tr>"
    style = "body{font:14px sans-serif}td,th{padding:.2em .7em;text-align:left}"
    begin = f'<!doctype html><meta charset="utf-8"><title>Lines</title><style>{style}</style>'
    return f"{begin}<table>{head}{''.join(cells)}</table>"


def _pictures(context: bpy.types.Context, folder: Path) -> dict[str, str]:
    """Render the middle of each line that plays. Return the names of the files by label; none if rendering fails."""
    found = {}
    with scene_copy(context.scene) as copy:
        render = copy.render
        render.engine = "BLENDER_WORKBENCH"  # pyrefly: ignore[bad-assignment]
        render.resolution_x = render.resolution_y = SIZE
        render.resolution_percentage, render.image_settings.file_format = 100, "PNG"
        camera = bpy.data.objects.new("DiFACE report", bpy.data.cameras.new("DiFACE report"))
        copy.collection.objects.link(camera)
        copy.camera = camera
        try:
            for number, item in enumerate(lines.find_lines(context)):
                if item.actions and item.character:
                    name = f"line_{number:03d}.png"
                    _aim(camera, item.character)
                    copy.frame_set((item.first + item.end) // 2)
                    render.filepath = str(folder / name)
                    bpy.ops.render.render(write_still=True, scene=copy.name)
                    found[item.label] = name
        except (RuntimeError, errors.DifaceError) as reason:
            print(f"No pictures: {reason}")
        finally:
            data = camera.data
            bpy.data.objects.remove(camera)
            bpy.data.cameras.remove(data)
    return found


def _aim(camera: bpy.types.Object, face: bpy.types.Object) -> None:
    """Place the camera in front of a face (-Y), at the height of the upper end of its mesh."""
    corners = [face.matrix_world @ Vector(corner) for corner in face.bound_box]
    top = max(corner.z for corner in corners)
    height = min(top - min(corner.z for corner in corners), 0.35)
    middle = sum(corners, Vector()) / len(corners)
    camera.location = (middle.x, middle.y - DISTANCE * height, top - height / 2)
    camera.rotation_euler = (1.5708, 0.0, 0.0)
