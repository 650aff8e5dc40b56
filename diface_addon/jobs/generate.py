"""One generation from the settings to a take: begun, waited for, and written; at most one at a time."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import bpy

from ..core import errors, placement, types
from ..scene.animation import character_checks
from ..scene.audio import audio_strip, speech_source
from ..scene.characters import flame_mesh
from ..scene.files import temporary
from ..scene.keys import frame_rate
from ..scene.provenance import take_request
from ..scene.styles import styles
from ..scene.takes import rest_easing, take_writers, write_take
from ..settings import choices, preferences, scene_settings, threediface_models
from ..version import VERSION
from ..worker import process
from . import running_job, worker_client


class GenerationJob:
    """A request on its way. Holds no bpy object: what it needs of the scene it finds again when it writes."""

    def __init__(
        self,
        task: process.WorkerTask,
        source: speech_source.Speech,
        character_uid: int,
        folder: tempfile.TemporaryDirectory,
    ):
        self.task = task
        self._source = source
        self._character_uid = character_uid
        self._folder: tempfile.TemporaryDirectory | None = folder

    def write_result(self) -> write_take.TakeResult:
        """The finished motion as a new take. Raises DifaceError, with the scene as it was."""
        result = self.task.wait()
        obj, asked = self.find_character(), self.task.request
        more = {"sound": self._source.name, "first_frame": self._source.first_frame, "model_hash": result.model_hash}
        request = take_request.to_json(asked, **more, diface=VERSION)
        own = (
            take_writers.CustomShapes(result.shapes, threediface_models.is_cache(asked.engine))
            if result.shapes
            else None
        )
        name = f"{'3DiFACE' if asked.engine else 'DiFACE'} {self._source.name}"
        motion = rest_easing.ease_ends(result.motion)
        written = write_take.write_take(obj, motion, name, request, flame_placement(obj), own)
        self.store_request(written, result.model_hash)
        late = _scene_end_notes(bpy.context.scene, self._source.first_frame + len(result.motion.values) - 1)
        return dataclasses.replace(written, notes=(*written.notes, *late))

    def restart_if_stale(self, _context: bpy.types.Context) -> GenerationJob | None:
        """Restart the job if its input changed since it began. A generation from settings never does."""
        return None

    def find_character(self) -> bpy.types.Object:
        """The character, found again. Raises SceneError where it is gone, or cannot be animated any more."""
        obj = character_checks.find_by_uid(self._character_uid)
        if obj is None:
            raise errors.SceneError("The character was deleted while DiFACE worked.", "Undo that, and generate again.")
        _check_character(obj, self.task.request.parts, self.task.request.engine)
        return obj

    def store_request(self, written: write_take.TakeResult, model_hash: str) -> None:
        """Keep the whole request with the take, so that it can be made again."""
        take_request.store(written.actions[0], self.task.request, model_hash)

    def repeat_with_seed(self, seed: int) -> GenerationJob:
        """The same once more with another seed, whatever the settings are by now. This one has been written, and only
        has to end. Raises WorkerError."""
        job = worker_client.submit(dataclasses.replace(self.task.request, seed=seed))
        following = GenerationJob(job, self._source, self._character_uid, self._folder)
        self._folder = None  # the sound in it is still used
        running_job.set_current(following)
        return following

    def end(self) -> None:
        """Stop what still runs and let go of everything. Again is no error."""
        self.task.cancel()
        if self._folder:
            self._folder.cleanup()
        running_job.clear(self)


def check_can_generate(context: bpy.types.Context) -> None:
    """Quickly, for a button: raises DifaceError where the settings cannot be generated from."""
    settings = context.scene.diface
    running_job.check_idle()
    _check_character(
        scene_settings.character(context),
        choices.PARTS_BY_CHOICE[settings.parts],
        threediface_models.models_from_settings(context),
    )
    if settings.source == "STRIP":
        audio_strip.find_strip(context, settings.strip)
    elif not settings.filepath:
        raise errors.AudioError("No sound file is chosen.", "Choose one in the DiFACE panel.")


def _check_character(obj: bpy.types.Object | None, parts: tuple[str, ...], engine: types.ThreeDiface | None) -> None:
    if engine is None:
        character_checks.check(obj, parts)
    else:
        character_checks.check_custom_shapes(obj, parts, threediface_models.is_cache(engine))


def flame_placement(obj: bpy.types.Object) -> placement.Placement | None:
    """How a FLAME mesh lies. Raises ModelError where the user's FLAME file cannot be read."""
    return flame_mesh.estimate_placement(obj, preferences.flame_file()) if flame_mesh.is_flame(obj) else None


def begin(context: bpy.types.Context, seed: int | None = None) -> GenerationJob:
    """Send the settings' request to the worker, with another seed where one is given. Raises DifaceError; nothing in
    the scene is changed."""
    check_can_generate(context)
    flame_placement(scene_settings.character(context))  # what is wrong with it is said now, not when the motion is made
    with temporary.kept_folder() as folder:
        spoken = speech_source.find_speech(context, scene_settings.speech_choice(context.scene), Path(folder.name))
        request = request_from_settings(context, spoken.section)
        job = worker_client.submit(request if seed is None else dataclasses.replace(request, seed=seed))
        running = GenerationJob(job, spoken, scene_settings.character(context).session_uid, folder)
    running_job.set_current(running)
    return running


def request_from_settings(context: bpy.types.Context, section: types.AudioSection) -> types.GenerateRequest:
    """What the settings ask for. Raises ModelError where the user's own models are not there."""
    settings, engine = context.scene.diface, threediface_models.models_from_settings(context)
    layers = types.Layers(**{name: _layer_seed(settings, name) for name in choices.LAYER_NAMES})
    return types.GenerateRequest(
        audio=section,
        parts=choices.PARTS_BY_CHOICE[settings.parts],
        rate=frame_rate.scene_rate(context.scene),
        seed=settings.seed,
        steps=choices.STEPS[settings.quality],
        guidance=settings.threediface.guidance if engine else settings.guidance,
        style_guidance=settings.style_guidance,
        variety=settings.variety,
        face_strength=settings.face_strength,
        head_strength=settings.head_strength,
        head_axes=tuple(settings.head_axes),
        style=style_from_settings(settings),
        layers=types.Layers(None, None, None) if engine else layers,
        engine=engine,
    )


def style_from_settings(settings: scene_settings.DifaceSettings) -> types.Style:
    """The style that the settings ask for."""
    first, second, folder = settings.style, settings.second_style, preferences.styles_folder
    return styles.make_style(first, second, settings.style_mix, settings.style_strength, folder)


def _layer_seed(settings: scene_settings.DifaceSettings, layer: str) -> int | None:
    """The seed of a layer that is on."""
    return getattr(settings, f"{layer}_seed") if getattr(settings, layer) else None


def _scene_end_notes(scene: bpy.types.Scene, last: int) -> list[str]:
    return [f"It lasts to frame {last}, and the scene only to {scene.frame_end}."] if last > scene.frame_end else []


def register() -> None:
    pass


def unregister() -> None:
    if running := running_job.current():
        running.end()
    process.close_shared_worker()
