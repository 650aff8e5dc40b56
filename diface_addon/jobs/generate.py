"""Generate a take: build the request from the settings, wait for the worker, write the result as a take."""

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
from ..scene.reduction import reduce_keys
from ..scene.styles import styles
from ..scene.takes import rest_easing, take_names, take_writers, write_take
from ..scene.takes.lines import line
from ..settings import choices, performance, preferences, scene_settings, threediface_models
from ..settings.dialogue import line_settings
from ..settings.directing import direction_settings
from ..settings.performance_settings import DifacePerformance
from ..version import VERSION
from ..worker import process
from . import bind_character, running_job, worker_client


class GenerationJob(running_job.WorkerJob):
    """A generation that the worker is processing."""

    def __init__(
        self,
        task: process.WorkerTask,
        source: speech_source.Speech,
        character_uid: int,
        folder: tempfile.TemporaryDirectory[str] | None,
    ) -> None:
        super().__init__(task, folder)
        self._source = source
        self._character_uid = character_uid

    @property
    def request(self) -> types.GenerateRequest:
        """The request that the worker processes."""
        return self.task.request_of(types.GenerateRequest)

    def write_result(self) -> write_take.TakeResult:
        """Write a new take, which gets the character's articulation. Raises DifaceError, with the scene unchanged."""
        with direction_settings.reading_plain(self.find_character()):
            return self.write_new_take()

    def write_new_take(self) -> write_take.TakeResult:
        """Write the finished motion as a new take. Raises DifaceError, with the scene unchanged."""
        result = self.task.wait_for(types.GenerateResult)
        obj, asked = self.find_character(), self.request
        more = {"sound": self._source.name, "first_frame": self._source.first_frame, "model_hash": result.model_hash}
        more |= {line.LINE: self._source.line} if self._source.line else {}
        request = take_request.to_json(threediface_models.by_name(asked), **more, diface=VERSION)
        shapes = custom_shapes(result, asked.engine)
        name = take_names.take_name(self.label())
        motion = rest_easing.ease_ends(result.motion)
        with bind_character.bound(obj):
            written = write_take.write_take(obj, motion, name, request, flame_placement(obj), shapes)
        settings = performance.give_own(obj, bpy.context.scene)
        if self._source.line and asked.role == types.SPEAK:
            line_settings.mark_spoken(bpy.context, self._source.name, self._source.line["id"], obj)
        self.store_request(written, result.model_hash)
        if wanted := settings.keys.reduction():
            reduce_keys.reduce(obj, written.actions, wanted)
        end_notes = _scene_end_notes(bpy.context.scene, self._source.first_frame + len(result.motion.values) - 1)
        return dataclasses.replace(written, notes=(*written.notes, *result.notes, *end_notes))

    def label(self) -> str:
        """Return what the new take is called after."""
        return self._source.name

    def find_character(self) -> bpy.types.Object:
        """Look the character up. Raises SceneError if it was deleted or can no longer be animated."""
        obj = character_checks.find_by_uid(self._character_uid)
        if obj is None:
            raise errors.SceneError("The character was deleted while DiFACE worked.", "Undo that, and generate again.")
        check_character(obj, self.request.parts, self.request.engine)
        return obj

    def store_request(self, written: write_take.TakeResult, model_hash: str) -> None:
        """Store the whole request with the take, so that the take can be regenerated."""
        take_request.store(written.actions[0], threediface_models.by_name(self.request), model_hash)

    def repeat_with_seed(self, seed: int) -> GenerationJob:
        """Begin the same generation with another seed, after this one has been written. Raises WorkerError.

        Settings that changed meanwhile have no effect.
        """
        task = worker_client.submit(dataclasses.replace(self.request, seed=seed))
        following = type(self)(task, self._source, self._character_uid, self._folder)
        self._folder = None  # the next job reads the sound in it
        running_job.set_current(following)
        return following


def custom_shapes(result: types.GenerateResult, engine: types.ThreeDiface | None) -> take_writers.CustomShapes | None:
    """Return the shapes that a result of 3DiFACE models brings along; None for shape keys of the character."""
    if result.shapes is None:
        return None
    return take_writers.CustomShapes(result.shapes, as_cache=threediface_models.is_cache(engine))


def check_can_generate(context: bpy.types.Context) -> None:
    """Raise DifaceError if the settings do not allow a generation. Fast enough for a button's poll."""
    settings = performance.active(context)
    running_job.check_idle()
    check_character(
        scene_settings.character(context),
        choices.PARTS_BY_CHOICE[settings.parts],
        threediface_models.models_from_settings(settings),
    )
    if settings.source == "STRIP":
        audio_strip.find_strip(context, settings.strip)
    elif not settings.filepath:
        raise errors.AudioError("No sound file is chosen.", "Choose one in the DiFACE panel.")


def check_character(obj: bpy.types.Object | None, parts: tuple[str, ...], engine: types.ThreeDiface | None) -> None:
    """Raise DifaceError if an object cannot be animated by these models."""
    if engine is None:
        character_checks.check(obj, parts)
    else:
        character_checks.check_custom_shapes(obj, parts, threediface_models.is_cache(engine))


def flame_placement(obj: bpy.types.Object) -> placement.Placement | None:
    """Return the placement of a FLAME mesh, None for other meshes. Raises ModelError if the FLAME file is damaged."""
    return flame_mesh.estimate_placement(obj, preferences.flame_file()) if flame_mesh.is_flame(obj) else None


def begin(context: bpy.types.Context, seed: int | None = None) -> GenerationJob:
    """Send the request of the settings to the worker. Nothing in the scene is changed.

    Args:
        context: Names the scene with the settings, and the character.
        seed: Replaces the seed of the settings.

    Raises:
        DifaceError: The settings do not allow a generation, or the worker cannot be started.
    """
    check_can_generate(context)
    obj, settings = scene_settings.character(context), performance.active(context)
    flame_placement(obj)  # so that its errors show now, not after the generation
    with temporary.kept_folder() as folder:
        speech = speech_source.find_speech(context, performance.speech_choice(settings), Path(folder.name))
        request = request_from_settings(context.scene, settings, speech.section)
        task = worker_client.submit(request if seed is None else dataclasses.replace(request, seed=seed))
        job = GenerationJob(task, speech, obj.session_uid, folder)
    running_job.set_current(job)
    return job


def request_from_settings(
    scene: bpy.types.Scene, settings: DifacePerformance, section: types.AudioSection
) -> types.GenerateRequest:
    """Return the request of the settings. Raises ModelError if the user's 3DiFACE models are not found."""
    engine = threediface_models.models_from_settings(settings)
    layers = layers_from_settings(settings)
    return types.GenerateRequest(
        audio=section,
        parts=choices.PARTS_BY_CHOICE[settings.parts],
        rate=frame_rate.scene_rate(scene),
        seed=settings.seed,
        steps=choices.STEPS[scene.diface.quality],
        guidance=settings.threediface.guidance if engine else settings.guidance,
        style_guidance=settings.style_guidance,
        variety=settings.variety,
        face_strength=settings.face_strength,
        head_strength=settings.head_strength,
        head_axes=tuple(settings.head_axes),
        style=style_from_settings(settings),
        layers=types.Layers(None, None, None, None) if engine else layers,
        engine=engine,
        other_sounds=settings.other_sounds,
        beats=settings.beats,
    )


def style_from_settings(settings: DifacePerformance) -> types.Style:
    """Return the style of the settings. Raises ModelError or SceneError if it cannot be used."""
    first, second, folder = settings.style, settings.second_style, preferences.styles_folder
    return styles.make_style(first, second, settings.style_mix, settings.style_strength, folder)


def layers_from_settings(settings: DifacePerformance) -> types.Layers:
    """Return the seeds of the layers of the settings, and the strength of the tongue."""
    seeds = {name: _layer_seed(settings, name) for name in choices.LAYER_NAMES}
    return types.Layers(**seeds, tongue=settings.tongue or None)


def _layer_seed(settings: DifacePerformance, layer: str) -> int | None:
    """Return the seed of a layer, None if the layer is off."""
    return getattr(settings, f"{layer}_seed") if getattr(settings, layer) else None


def _scene_end_notes(scene: bpy.types.Scene, last: int) -> list[str]:
    if last <= scene.frame_end:
        return []
    return [f"The take ends at frame {last}, after the end of the scene ({scene.frame_end})."]


def register() -> None:
    pass


def unregister() -> None:
    if running := running_job.current():
        running.end()
    process.close_shared_worker()
