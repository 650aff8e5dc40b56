"""The lines of a scene: sound strips with a character, and whether the takes that play still fit them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import bpy

from ...core import errors, types
from ...scene.animation.active_actions import active_actions
from ...scene.audio import audio_strip, strip_identity
from ...scene.keys import frame_rate
from ...scene.provenance import layer_tracks, recorded, stored_request, take_request
from ...scene.takes.lines import line, line_strips
from ...settings.dialogue import line_settings

LineState = Literal["NEW", "DONE", "MOVED", "CHANGED", "PROBLEM"]


@dataclass(frozen=True)
class SceneLine:
    """A sound strip with a character. Holds bpy objects: not to be kept while a job runs.

    Attributes:
        scene: The scene whose sequencer has the strip.
        strip: The strip.
        first: Its first frame.
        end: The frame after its last.
        speaker: The object that was chosen as the character.
        character: The main mesh of the character; None if it was deleted.
        side: The side of the sound in which it is heard.
        state: "NEW": without a take that plays; "DONE": up to date; "MOVED": the strip is elsewhere than its take;
            "CHANGED": it plays something else; "PROBLEM": it cannot be generated.
        text: The state in words.
        identity: The identity of the strip; "" if it has none.
        actions: The main Actions of the take that plays. Empty if none does.
    """

    scene: bpy.types.Scene
    strip: bpy.types.bpy_struct
    first: int
    end: int
    speaker: bpy.types.Object
    character: bpy.types.Object | None
    side: str
    state: LineState = "NEW"
    text: str = "New"
    identity: str = ""
    actions: tuple[bpy.types.Action, ...] = ()

    @property
    def label(self) -> str:
        """Return the name of the strip and of the character."""
        side = f", {self.side}" if self.side else ""
        return f"{self.strip.name} ({(self.character or self.speaker).name}{side})"

    @property
    def spoken(self) -> line.SpokenLine:
        """Return the frames that the character speaks, by the name of the strip."""
        return line.SpokenLine(self.strip.name, self.first, self.end - 1)


def find_lines(context: bpy.types.Context) -> list[SceneLine]:
    """Return the lines of the scene in the order of time."""
    found = _lines_without_state(context)
    playing = {obj: playing_takes(obj) for obj in dict.fromkeys(item.character for item in found) if obj}
    earlier: dict[bpy.types.Object | None, list[tuple[SceneLine, line.SpokenLine]]] = {}
    complete = []
    for item in found:
        before = [pair for pair in earlier.get(item.character, ()) if pair[1].last >= item.first]
        complete.append(_with_state(context, item, playing, before))
        earlier[item.character] = [*before, (item, item.spoken)]
    return complete


def _lines_without_state(context: bpy.types.Context) -> list[SceneLine]:
    """Return the lines of the scene in the order of time, each as if it were new."""
    strips = audio_strip.list_all_strips(context)
    owners = {scene: strip_identity.owners(scene) for scene in dict.fromkeys(scene for scene, _strip in strips)}
    mains: dict[bpy.types.Object, bpy.types.Object | None] = {}
    found = []
    for scene, strip in strips:
        for side, obj in line_settings.speakers(strip.diface).items():
            if obj not in mains:
                mains[obj] = line_settings.main_mesh(obj)
            identity, place = strip_identity.line_id(owners[scene], strip), audio_strip.bounds(strip)
            found.append(SceneLine(scene, strip, *place, obj, mains[obj], side, identity=identity))
    return sorted(found, key=lambda item: (item.first, item.strip.channel, item.strip.name))


def playing_takes(obj: bpy.types.Object) -> dict[str, list[bpy.types.Action]]:
    """Return the main Actions of the takes that play on a character, by the key of their lines."""
    takes: dict[str, list[bpy.types.Action]] = {}
    for action in dict.fromkeys([*active_actions(obj), *line_strips.resting_actions(obj)]):
        request = stored_request.read_request(action)
        if request and layer_tracks.layer_name(action) is None:
            takes.setdefault(line.key_of(request), []).append(action)
    return takes


def _with_state(
    context: bpy.types.Context,
    item: SceneLine,
    playing: dict[bpy.types.Object, dict[str, list[bpy.types.Action]]],
    before: Sequence[tuple[SceneLine, line.SpokenLine]],
) -> SceneLine:
    """Return a line with its state. before: the lines of its character that begin earlier and may overlap it."""
    if problem := _find_problem(item, before):
        return replace(item, state="PROBLEM", text=problem)
    key = strip_identity.of_side(item.identity, item.side)
    actions = playing[item.character].get(key, []) if item.character and item.identity else []
    if not actions:
        return item
    state, text = _compare(context, item, actions[0])
    return replace(item, state=state, text=text, actions=tuple(actions))


def _find_problem(item: SceneLine, before: Sequence[tuple[SceneLine, line.SpokenLine]]) -> str:
    """Return why a line cannot be generated; "" if it can. before: see `_with_state`."""
    if item.character is None:
        return f"{item.speaker.name} was deleted: choose another character"
    try:
        audio_strip.check_playable(item.scene, item.strip, item.end - item.first)
    except errors.AudioError as reason:
        return reason.message.rstrip(".")
    if item.side and item.strip.type == audio_strip.SOUND and item.strip.sound.channels == "MONO":
        return f"The sound has one channel: it has no {item.side} side"
    spoken = item.spoken
    for other, earlier in before:
        if other.strip == item.strip:
            return f"{item.character.name} speaks both sides: set Side to Both"
        if not earlier.stays(spoken):
            return f'{item.character.name} speaks "{other.strip.name}" at the same time'
    return ""


def _compare(context: bpy.types.Context, item: SceneLine, action: bpy.types.Action) -> tuple[LineState, str]:
    """Return the state of a line whose take plays."""
    stored, rate = stored_request.require_request(action), frame_rate.scene_rate(context.scene)
    if not frame_rate.is_same(take_request.stored_rate(stored), rate):
        return "CHANGED", "Changed: other frame rate"
    if not strip_identity.plays_the_same(stored[line.LINE], strip_identity.describe(item.scene, item.strip)):
        return "CHANGED", "Changed: trimmed or replaced"
    if moved := frames_moved(item, stored, rate):
        return "MOVED", f"Moved by {moved:+d} frames"
    return "DONE", "Up to date"


def frames_moved(item: SceneLine, stored: dict, rate: types.FrameRate) -> int:
    """Return by how many frames a strip is later than its take."""
    return item.first + round(recorded.sound_shift(stored) * rate.value) - stored["first_frame"]


def stored(item: SceneLine) -> dict:
    """Return the stored request of the take that plays a line."""
    return stored_request.require_request(item.actions[0])


def take_actions(main: Sequence[bpy.types.Action]) -> list[bpy.types.Action]:
    """Return the Actions of a take by its main ones: these, and its layers."""
    return [*main, *layer_tracks.find_layers(stored_request.require_request(main[0])["take"])]
