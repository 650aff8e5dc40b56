"""Regenerate a take without a window.

    python -m diface_addon.cli.regenerate_take SCENE.blend --take NAME --out motion.npz

For a Python that has Blender as a module. Without --take it lists the takes of the file. OUT may be .npz or .csv, which
the worker computes like `python -m diface_core generate --make-again`; or .diface, the request itself, to be computed
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
from ..scene.audio import speech_source
from ..scene.provenance import take_request
from ..scene.provenance.stored_request import require_request
from ..scene.styles import styles
from ..scene.takes import take_index
from ..settings import performance, preferences, threediface_models
from ..worker.launch import Launch, blender_python


def main() -> int:
    """Run the command. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m diface_addon.cli.regenerate_take", description=__doc__)
    parser.add_argument("scene", type=Path, help="a .blend file")
    parser.add_argument("--take", help="the take's name")
    parser.add_argument("--out", type=Path, help=".npz, .csv, or .diface for the request alone")
    arguments = parser.parse_args()
    if not arguments.scene.is_file():
        parser.error(f"there is no file {arguments.scene}")
    register()
    try:
        bpy.ops.wm.open_mainfile(filepath=str(arguments.scene.absolute()))
        if arguments.take is None or arguments.out is None:
            print("\n".join(actions[0].name for actions in take_index.all_takes().values()))
            return 0
        return _regenerate_take(arguments.take, arguments.out)
    except errors.DifaceError as error:
        print(f"{error.message}\n{error.hint}", file=sys.stderr)
        return 2
    finally:
        unregister()


def _regenerate_take(name: str, out: Path) -> int:
    with tempfile.TemporaryDirectory() as folder:
        stored = stored_request(name, Path(folder))
        if out.suffix == request_file.SUFFIX:
            out.write_bytes(request_file.pack(stored))
            return 0
        request_path = Path(folder) / f"take{request_file.SUFFIX}"
        request_path.write_bytes(request_file.pack(stored))
        python = preferences.worker_python()
        launch = Launch(python, tuple(preferences.wheel_folders()))
        options = ["-m", "diface_core", "generate", "--make-again", str(request_path), "--out", str(out.absolute())]
        command = [str(python or blender_python()), *options]
        return subprocess.run(command, env=launch.environment(), check=False).returncode


def stored_request(name: str, folder: Path) -> request_file.StoredRequest:
    """Return the request of a take, with its sound, style and models where they are now.

    Args:
        name: The name of the take.
        folder: Holds the files that have to be written.

    Raises:
        SceneError: There is no such take, or it has no request.
        AudioError: Its sound is missing.
        ModelError: One of its 3DiFACE models or its style is missing.
    """
    actions = [action for actions in take_index.all_takes().values() for action in actions if action.name == name]
    if not actions:
        known = ", ".join(actions[0].name for actions in take_index.all_takes().values()) or "none"
        raise errors.SceneError(f"There is no take called {name}.", f"The takes are: {known}.")
    stored = take_request.load(actions[0])
    if stored is None:
        hint = "An earlier DiFACE generated it, or Live was writing it: then switch Live off, and save the file again."
        raise errors.SceneError(f"{name} does not contain its request.", hint)
    request = threediface_models.resolve(stored.request)
    style = styles.restore_style(request.style, preferences.styles_folder)
    made, scene = require_request(actions[0]), bpy.context.scene
    sound, owner = made["sound"], bpy.data.objects.get(made.get("character", ""))
    sound_file = performance.of_object(owner, scene).filepath
    audio = speech_source.locate_audio(bpy.context, request, sound, sound_file, folder)
    request = dataclasses.replace(request, style=style)
    return dataclasses.replace(stored, request=request).with_audio(audio.path)


if __name__ == "__main__":
    sys.exit(main())
