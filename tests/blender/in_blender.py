"""Install and use the built zip inside Blender's Python module, and write a report as JSON.

in_blender.py REPORT register|generate ZIP [SOUND]
"""

import importlib
import json
import shutil
import sys
import traceback
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))
import forbid_network

MODULE = "bl_ext.user_default.diface"


def install(zip_file: str) -> dict[str, object]:
    bpy.ops.extensions.package_install_files(filepath=zip_file, repo="user_default", enable_on_install=True)
    installed = Path(sys.modules[MODULE].__file__).parent
    return {
        "enabled": MODULE in bpy.context.preferences.addons,
        "settings": hasattr(bpy.types.Scene, "diface"),
        "operators": sorted(dir(bpy.ops.diface)),
        "files": sorted(str(path.relative_to(installed)) for path in installed.iterdir()),
        "top_level": sorted(name for name in sys.modules if name in ("diface_addon", "diface_core", "torch")),
        "prefix": sys.prefix,
    }


def contents() -> dict[str, tuple[int, int]]:
    """Return size and modification time of the extension's files, without what Python compiles."""
    folder = Path(sys.modules[MODULE].__file__).parent
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return {str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def disable() -> dict[str, object]:
    bpy.ops.preferences.addon_disable(module=MODULE)
    return {"left_behind": [name for name in ("diface",) if hasattr(bpy.types.Scene, name)]}


def forbid_network_in_worker() -> None:
    """Put the module that forbids the network on the worker's path, under the name that Python imports at its start."""
    folder = Path(forbid_network.LOG).parent
    shutil.copy(forbid_network.__file__, folder / "sitecustomize.py")
    preferences = importlib.import_module(f"{MODULE}.diface_addon.settings.preferences")
    found = preferences.wheel_folders()
    preferences.wheel_folders = lambda: [folder, *found]


def generate(sound: str) -> dict[str, object]:
    forbid_network_in_worker()
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 24, 1.0
    bpy.ops.diface.add_head()
    head = bpy.context.active_object
    scene.diface.source, scene.diface.filepath = "FILE", sound
    status = bpy.ops.diface.generate()
    keys = head.data.shape_keys
    animation = keys.animation_data
    weights = []
    for frame in range(scene.frame_start, scene.frame_start + 250):
        scene.frame_set(frame)
        weights.append(keys.key_blocks["jawOpen"].value)
    return {
        "status": sorted(status),
        "action": animation.action.name if animation and animation.action else None,
        "jaw": weights,
    }


def main() -> None:
    report, task, zip_file, *sound = sys.argv[1:]
    result: dict[str, object] = {}
    try:
        result.update(install(zip_file))
        if task == "generate":
            before = contents()
            result.update(generate(*sound))
            result["written"] = sorted(name for name, _state in before.items() ^ contents().items())
        result.update(disable())
    except Exception:  # noqa: BLE001 -- the test prints it
        result["error"] = traceback.format_exc()
    Path(report).write_text(json.dumps(result, indent=1))


main()
