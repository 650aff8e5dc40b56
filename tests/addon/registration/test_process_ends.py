"""A process with the add-on ends: a subscripted type that is evaluated at registration makes Blender 4.5 hang."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """\
import bpy
bpy.ops.wm.read_factory_settings(use_empty=True)
import diface_addon
diface_addon.register()
diface_addon.unregister()
"""


def test_process_that_registered_the_add_on_ends(root):
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=root, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
