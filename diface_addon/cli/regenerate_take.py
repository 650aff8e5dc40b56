"""Makes a take again without a window: `python -m diface_addon.cli.regenerate_take SCENE.blend --take NAME --out motion.npz`.

For a Python that has Blender as a module. Without --take it lists the takes of the file. OUT may be .npz or .csv, made
by the worker as `python -m diface_core generate --make-again` does; or .diface, the request itself, to be made
elsewhere.
"""

from __future__ import annotations

import argparse
import dataclasses
import subprocess
import sys
import tempfile
from pathlib import Path

import bpy

from .. import register, unregister
from ..core import errors, request_file
from ..scene.audio import audio_strip
from ..scene.provenance import take_request
from ..scene.provenance.stored_request import read_request
from ..scene.styles import styles
from ..scene.takes import take_index
from ..settings import preferences
from ..worker.launch import Launch, blender_python


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m diface_addon.cli.regenerate_take", description=__doc__)
    parser.add_argument("scene", type=Path, help="a .blend file")
    parser.add_argument("--take", help="the take's name")
    parser.add_argument("--out", type=Path, help=".npz, .csv, or .diface for the request alone")
    given = parser.parse_args()
    if not given.scene.is_file():
        parser.error(f"there is no file {given.scene}")
    register()
    try:
        bpy.ops.wm.open_mainfile(filepath=str(given.scene.absolute()))
        if given.take is None or given.out is None:
            print("\n".join(actions[0].name for actions in take_index.all_takes().values()))
            return 0
        return _regenerate_take(given.take, given.out)
    except errors.DifaceError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return 2
    finally:
        unregister()


def _regenerate_take(name: str, out: Path) -> int:
    with tempfile.TemporaryDirectory() as folder:
        made = stored_request(name, Path(folder))
        if out.suffix == request_file.SUFFIX:
            out.write_bytes(request_file.pack(made))
            return 0
        asked = Path(folder) / f"take{request_file.SUFFIX}"
        asked.write_bytes(request_file.pack(made))
        python = preferences.worker_python()
        launch = Launch(python, tuple(preferences.wheel_folders()))
        words = ["-m", "diface_core", "generate", "--make-again", str(asked), "--out", str(out.absolute())]
        return subprocess.run(
            [str(python or blender_python()), *words], env=launch.environment(), check=False
        ).returncode


def stored_request(name: str, folder: Path) -> request_file.StoredRequest:
    """The request of the take of that name, with its sound where it is now. Raises SceneError, AudioError."""
    found = [action for actions in take_index.all_takes().values() for action in actions if action.name == name]
    if not found:
        known = ", ".join(actions[0].name for actions in take_index.all_takes().values()) or "none"
        raise errors.SceneError(f"There is no take called {name}.", f"There are: {known}.")
    made = take_request.load(found[0])
    if made is None:
        hint = "An earlier DiFACE made it, or Live was writing it: then switch Live off, and save the file again."
        raise errors.SceneError(f"{name} does not hold its request.", hint)
    style = styles.restore_style(made.request.style, preferences.styles_folder)
    made = dataclasses.replace(made, request=dataclasses.replace(made.request, style=style))
    if made.request.audio.path.is_file():
        return made
    scene, strip = audio_strip.find_strip(bpy.context, read_request(found[0])["sound"])
    return made.with_audio(audio_strip.audio_section(scene, strip, folder).path)


if __name__ == "__main__":
    sys.exit(main())
