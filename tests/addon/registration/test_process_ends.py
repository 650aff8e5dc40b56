"""A process with the add-on ends: a subscripted type that is evaluated at registration makes Blender 4.5 hang."""

from __future__ import annotations

import subprocess
import sys

import bpy

SCRIPT = """\
import bpy
bpy.ops.wm.read_factory_settings(use_empty=True)
import diface_addon
diface_addon.register()
diface_addon.unregister()
print("unregistered", flush=True)
"""


def test_process_that_registered_the_add_on_ends(root):
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=root, capture_output=True, timeout=120)
    assert b"unregistered" in done.stdout, done.stderr.decode()
    # As a module, 4.2 crashes after any add-on that registered a property with a callback: `search`, `update`, `poll`.
    assert done.returncode == 0 or bpy.app.version < (4, 3), done.stderr.decode()
