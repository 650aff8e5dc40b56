"""Remote control inside the Blender that is tested: `blender --python rpc_server.py`, with DIFACE_TEST_RPC=FOLDER.

A file request.py in the folder is executed on the main thread of Blender, in the context of the 3D viewport if the
screen has one. What it assigns to `result` is written to reply.json, or the traceback of the exception that it raised.
"""

import json
import os
import traceback
from pathlib import Path
from typing import Any

import bpy

FOLDER = Path(os.environ["DIFACE_TEST_RPC"])
INTERVAL = 0.05


def execute(source: str) -> dict[str, object]:
    names: dict[str, Any] = {"bpy": bpy, "result": None}
    window = bpy.context.window_manager.windows[0]
    area = next((area for area in window.screen.areas if area.type == "VIEW_3D"), window.screen.areas[0])
    region = next(region for region in area.regions if region.type == "WINDOW")
    try:
        with bpy.context.temp_override(window=window, area=area, region=region):
            exec(compile(source, "request.py", "exec"), names)
        return {"result": json.loads(json.dumps(names["result"]))}
    except Exception:  # noqa: BLE001 -- the test prints it
        return {"error": traceback.format_exc()}


def poll() -> float:
    request = FOLDER / "request.py"
    if request.is_file():
        source = request.read_text("utf-8")
        request.unlink()
        draft = FOLDER / "reply.draft"
        draft.write_text(json.dumps(execute(source)), "utf-8")
        draft.replace(FOLDER / "reply.json")
    return INTERVAL


bpy.context.preferences.view.show_splash = False
bpy.app.timers.register(poll, first_interval=INTERVAL, persistent=True)
