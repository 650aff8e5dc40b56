"""Random editing with invariants checked after each operation.

`python -m tests.addon.fuzzing.random_editing --operations 2000 --seed 1`

Requires a Python that has Blender as a module, and DIFACE_PYTHON; test_random_editing.py runs a short sequence. An
operation may be refused with a message. It must not raise an exception, change data outside its scope, or leave
temporary data behind.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import bpy
import numpy as np
import soundfile

from diface_addon import compat
from diface_addon.core import articulation_controls, mood_controls
from diface_addon.jobs import running_job
from diface_addon.jobs.live_mode import live
from diface_addon.rig import parts
from diface_addon.scene.directing import controlled_keys
from diface_addon.scene.pins import pins
from diface_addon.scene.provenance import stored_request
from diface_addon.scene.takes import take_index
from diface_addon.settings import mapping_list
from diface_addon.settings.directing import direction_settings, direction_updates
from diface_addon.worker import process
from tests.addon.fuzzing import avatar
from tests.addon.scene import scenes

NAMES = ("jawOpen", "mouthClose", "mouthSmileLeft", "browInnerUp", "eyeBlinkLeft", "cheeky")
MODES = ("XYZ", "ZYX", "QUATERNION", "AXIS_ANGLE")
FRAMES = np.arange(-5, 260)
Keys = dict[tuple[str, str, int], np.ndarray]


class Fuzz:
    """Edits a scene at random. Holds no bpy object between operations, as undo and loading replace them."""

    def __init__(self, seed: int, folder: Path, several: str = "") -> None:
        self.several = several
        self.rng = np.random.default_rng(seed)
        self.folder = folder
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.log: list[str] = []
        self._start()

    def _start(self) -> None:
        mode = MODES[self.rng.integers(len(MODES))]
        if self.several:
            avatar.KINDS[self.several](scenes.new_file(), NAMES, mode)
        else:
            obj = scenes.add_character(scenes.new_file(), NAMES)
            obj.rotation_mode = mode
            obj.rotation_euler.z = 0.4
        scenes.set_rate(bpy.context.scene, ("24", "25", "30", "29.97")[self.rng.integers(4)])
        bpy.context.scene.frame_start = int(self.rng.integers(1, 40))
        sound = self.folder / "speech.wav"
        samples = np.zeros(16000 * 5, np.float32)
        samples[self.rng.integers(0, 80000, 5)] = 0.8
        soundfile.write(sound, samples, 16000)
        scenes.use_audio_file(bpy.context.scene, sound)
        bpy.ops.diface.generate()
        bpy.ops.ed.undo_push(message="start")

    def step(self) -> None:
        """Run one operation and check the invariants."""
        operation = OPERATIONS[self.rng.integers(len(OPERATIONS))]
        bpy.context.view_layer.update()
        direction_updates.apply_changes()  # as its timer does in a window, when the character or its target was moved
        before = _Before()
        self.log.append(operation.__name__)
        try:
            completed = operation(self)
        except RuntimeError as refused:  # an operator's report(ERROR)
            if "Traceback" in str(refused) or "Internal error" in str(refused):
                raise AssertionError(str(refused)) from refused
            self.refused[operation.__name__] += 1
            completed = None
        self.done[operation.__name__] += 1
        check_invariants()
        if self.several:
            avatar.check_body()
        if operation in EDITS:
            check_edit(before, completed is not None)

    # Random choices

    def character(self) -> bpy.types.Object:
        return bpy.data.objects["Character"]

    def frame(self) -> float:
        first = bpy.context.scene.frame_start
        frame = float(self.rng.integers(first - 3, first + 125))
        return frame + float(self.rng.choice([0.0, 0.0, 0.0, 0.25, 0.37]))

    def take(self) -> str:
        """Return the id of one of the takes; "" without takes."""
        found = list(take_index.all_takes())
        return found[self.rng.integers(len(found))] if found else ""

    def curve(self) -> bpy.types.FCurve | None:
        found = [curve for curve in pins.pinnable_fcurves(self.character()) if curve.keyframe_points]
        return found[self.rng.integers(len(found))] if found else None


class _Before:
    """The state before an operation."""

    def __init__(self) -> None:
        obj = bpy.data.objects["Character"]
        self.takes = {
            a.session_uid: (a.name, fingerprint(a)) for a in bpy.data.actions if stored_request.read_request(a)
        }
        self.pins = pins.find_pins(obj)
        with without_articulation(obj):
            self.keys = active_keys(obj)
            self.shown = active_values(obj)
        self.active = {action.session_uid for action in active_actions(obj)}


def without_articulation(obj: bpy.types.Object) -> AbstractContextManager[None]:
    """Take the articulation out of the active takes for as long as the context lasts."""
    return controlled_keys.without_controls(direction_settings.controlled_actions(obj))


def active_actions(obj: bpy.types.Object) -> list[bpy.types.Action]:
    blocks = [block for block in parts.data_blocks(obj).values() if block.animation_data]
    return list({b.animation_data.action: None for b in blocks if b.animation_data.action})


def active_keys(obj: bpy.types.Object) -> Keys:
    """Return the keys of the active Actions."""
    return {address: points_of(curve) for address, curve in active_curves(obj).items()}


def active_values(obj: bpy.types.Object) -> Keys:
    """Return the values of each curve at FRAMES."""
    curves = active_curves(obj)
    return {address: np.array([c.evaluate(frame) for frame in FRAMES.tolist()]) for address, c in curves.items()}


def active_curves(obj: bpy.types.Object) -> dict[tuple[str, str, int], bpy.types.FCurve]:
    found = {}
    for kind, block in parts.data_blocks(obj).items():
        channelbag = compat.active_channelbag(block.animation_data) if block.animation_data else None
        found |= _addressed(kind, channelbag)
    return found


def curves_of(action: bpy.types.Action, kind: str) -> dict[tuple[str, str, int], bpy.types.FCurve]:
    return _addressed(kind, compat.find_channelbag(action, kind))


def _addressed(kind: str, channelbag: bpy.types.bpy_struct | None) -> dict[tuple[str, str, int], bpy.types.FCurve]:
    return {(kind, curve.data_path, curve.array_index): curve for curve in (channelbag.fcurves if channelbag else ())}


def points_of(curve: bpy.types.FCurve) -> np.ndarray:
    points = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", points)
    return points.reshape(-1, 2)


def keys_of(action: bpy.types.Action) -> Keys:
    return {
        address: points_of(curve)
        for kind in compat.action_kinds(action)
        for address, curve in curves_of(action, kind).items()
    }


def fingerprint(action: bpy.types.Action) -> bytes:
    """Return times and values of all keys. Their types may change, as pins are marked."""
    return b"".join(str(key).encode() + points.tobytes() for key, points in sorted(keys_of(action).items()))


# Invariants


def check_invariants() -> None:
    """Check that no job is running, every take is listed, and no Action would be lost on saving."""
    assert running_job.current() is None
    listed = {action for actions in take_index.all_takes().values() for action in actions}
    for action in bpy.data.actions:
        if stored_request.read_request(action):
            assert action in listed, f"{action.name} belongs to no take"
        assert action.users > 0, f"{action.name} is an orphan"
    for obj in bpy.data.objects:
        assert obj.users > 0
    for curve in pins.pinnable_fcurves(bpy.data.objects["Character"]):
        values = np.array([key.co for key in curve.keyframe_points])
        assert np.isfinite(values).all()
        assert (np.diff(values[:, 0]) > 0).all(), f"{curve.data_path}: keys out of order"


def check_edit(before: _Before, made: bool) -> None:
    """Check an edit: old takes are unchanged, pins exact, and no curve changed outside its range."""
    now = {action.session_uid: action for action in bpy.data.actions}
    for uid, (name, keys) in before.takes.items():
        assert uid in now, f"{name} was deleted"
        assert fingerprint(now[uid]) == keys, f"{name} was changed"
    obj = bpy.data.objects["Character"]
    if not made:
        assert {action.session_uid for action in active_actions(obj)} == before.active, (
            "a refused edit changed the active Actions"
        )
        return
    request = stored_request.read_request(active_actions(obj)[0])
    if not request.get("edited"):
        return
    with without_articulation(obj):
        _check_outside(before, obj, *request["edited"])


def _check_outside(before: _Before, obj: bpy.types.Object, first: int, last: int) -> None:
    after = active_keys(obj)
    pinned = {(pin.address, round(pin.frame, 3), pin.value) for pin in pins.find_pins(obj)}
    for address, points in before.keys.items():
        if address not in after:  # keys above a layer become the layer's pins
            own = {(address, round(frame, 3), value) for frame, value in points.tolist()}
            assert own <= pinned, f"{address}: keys {own - pinned} removed"
            continue
        outside = (points[:, 0] < first) | (points[:, 0] > last)
        new = after[address]
        kept = new[(new[:, 0] < first) | (new[:, 0] > last)]
        old, new = ({tuple(point) for point in keys.tolist()} for keys in (points[outside], kept))
        assert not old - new, f"{address}: keys removed outside {first} to {last}"
        # Curves with few keys get new keys that keep the motion outside unchanged.
        away = ~np.isin(FRAMES, np.arange(first, last + 1)) & (points[0, 0] <= FRAMES) & (points[-1, 0] >= FRAMES)
        shown, was = active_values(obj)[address][away], before.shown[address][away]
        other = FRAMES[away][np.abs(shown - was) > 1e-5]
        assert not len(other), f"{address}: changed at {other.tolist()}, outside {first} to {last}"


def check_pins(obj: bpy.types.Object, wanted: list[pins.Pin]) -> None:
    found = {(pin.address, round(pin.frame, 3)): pin.value for pin in pins.find_pins(obj)}
    for pin in wanted:
        assert found.get((pin.address, round(pin.frame, 3))) == pin.value, f"{pin} is not kept"


# Operations


def _push(message: str) -> None:
    bpy.ops.ed.undo_push(message=message)


def insert_key(fuzz: Fuzz) -> bool | None:
    if (curve := fuzz.curve()) is None:
        return None
    frame = fuzz.frame()
    curve.keyframe_points.insert(frame, curve.evaluate(frame) + fuzz.rng.normal(0, 0.2), options={"FAST"})
    _push("key")
    return True


def drag_key(fuzz: Fuzz) -> bool | None:
    """Drag a key in time and value."""
    if (curve := fuzz.curve()) is None:
        return None
    key = curve.keyframe_points[fuzz.rng.integers(len(curve.keyframe_points))]
    key.co = key.co.x + float(fuzz.rng.choice([0.0, 0.31])), key.co.y + fuzz.rng.normal(0, 0.2)
    curve.update()
    _push("drag")
    return True


def delete_key(fuzz: Fuzz) -> bool | None:
    if (curve := fuzz.curve()) is None or len(curve.keyframe_points) < 3:
        return None
    curve.keyframe_points.remove(curve.keyframe_points[fuzz.rng.integers(len(curve.keyframe_points))])
    _push("delete")
    return True


def lock_or_mute(fuzz: Fuzz) -> bool | None:
    if (curve := fuzz.curve()) is None:
        return None
    name = ("lock", "mute")[fuzz.rng.integers(2)]
    setattr(curve, name, not getattr(curve, name) and fuzz.rng.random() < 0.3)
    _push(name)
    return True


def _run_edit(fuzz: Fuzz, operator: Callable[..., set[str]], **arguments: object) -> bool:
    obj = fuzz.character()
    locked = {(c.data_path, c.array_index) for c in pins.pinnable_fcurves(obj) if c.lock}
    wanted = [pin for pin in pins.find_pins(obj) if (pin.path, pin.index) not in locked]
    operator(**arguments)
    request = stored_request.read_request(active_actions(fuzz.character())[0])
    if operator.idname() != "DIFACE_OT_swap_keyframes":
        within = [p for p in wanted if request["first_frame"] <= p.frame]
        check_pins(fuzz.character(), within)
    _push("made")
    return True


def regenerate(fuzz: Fuzz) -> bool:
    return _run_edit(fuzz, bpy.ops.diface.regenerate)


def regenerate_all(fuzz: Fuzz) -> bool:
    return _run_edit(fuzz, bpy.ops.diface.regenerate, where="ALL")


def in_between(fuzz: Fuzz) -> bool:
    first = bpy.context.scene.frame_start + int(fuzz.rng.integers(0, 90))
    regions = [item.identifier for item in bpy.context.scene.diface.edit.bl_rna.properties["regions"].enum_items]
    bpy.context.scene.diface.edit.regions = set(fuzz.rng.choice(regions, fuzz.rng.integers(1, len(regions) + 1)))
    return _run_edit(fuzz, bpy.ops.diface.in_between, first=first, last=first + int(fuzz.rng.integers(1, 40)))


def swap(fuzz: Fuzz) -> bool:
    first = bpy.context.scene.frame_start
    a, b = first + fuzz.rng.choice(100, 2, replace=False)
    bpy.context.scene.diface.edit.swap_first, bpy.context.scene.diface.edit.swap_second = int(a), int(b)
    return _run_edit(fuzz, bpy.ops.diface.swap_keyframes)


def generate(fuzz: Fuzz) -> bool:
    bpy.context.scene.diface.seed = int(fuzz.rng.integers(1000))
    bpy.ops.diface.generate()
    _push("generate")
    return True


def pin_pose(fuzz: Fuzz) -> bool:
    bpy.context.scene.frame_set(int(fuzz.frame()))
    bpy.ops.diface.pin_pose()
    _push("pin")
    return True


def unpin(fuzz: Fuzz) -> bool:
    (bpy.ops.diface.unpin if fuzz.rng.random() < 0.7 else bpy.ops.diface.unpin_all)()
    _push("unpin")
    return True


def copy_and_paste(fuzz: Fuzz) -> bool:
    bpy.context.scene.frame_set(int(fuzz.frame()))
    bpy.ops.diface.copy_pose()
    bpy.context.scene.frame_set(int(fuzz.frame()))
    bpy.ops.diface.paste_pose()
    _push("paste")
    return True


def switch_take(fuzz: Fuzz) -> bool:
    bpy.ops.diface.use_take(take=fuzz.take())
    _push("switch")
    return True


def remove_take(fuzz: Fuzz) -> bool | None:
    if len(take_index.all_takes()) < 6:
        return None
    bpy.ops.diface.delete_take(take=fuzz.take())
    _push("remove")
    return True


def undo(fuzz: Fuzz) -> bool | None:
    for _ in range(fuzz.rng.integers(1, 4)):
        if not bpy.ops.ed.undo.poll():
            return None
        bpy.ops.ed.undo()
    return True


def redo(_fuzz: Fuzz) -> bool | None:
    if not bpy.ops.ed.redo.poll():
        return None
    bpy.ops.ed.redo()
    return True


def save_and_load(fuzz: Fuzz) -> bool:
    path = str(fuzz.folder / "scene.blend")
    counted = {name for name, actions in take_index.all_takes().items() if actions}
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert set(take_index.all_takes()) == counted, "a take was lost on saving"
    bpy.context.view_layer.objects.active = bpy.data.objects["Character"]
    _push("loaded")
    return True


def duplicate(fuzz: Fuzz) -> bool:
    bpy.ops.diface.duplicate_take(take=fuzz.take())
    _push("duplicate")
    return True


def splice(fuzz: Fuzz) -> bool:
    found = [actions[0].name for actions in take_index.all_takes().values()]
    first = bpy.context.scene.frame_start + int(fuzz.rng.integers(0, 90))
    other = found[fuzz.rng.integers(len(found))] if found else ""
    bpy.ops.diface.splice_take(other=other, first=first, last=first + int(fuzz.rng.integers(2, 40)))
    _push("splice")
    return True


def compare(fuzz: Fuzz) -> bool:
    """Add or remove a ghost."""
    bpy.ops.diface.compare_take(take=fuzz.take())
    _push("compare")
    return True


def mix_takes(fuzz: Fuzz) -> bool | None:
    """Assign another take's Action to the object, or to one of the parts, as in the Action editor."""
    blocks = {kind: block for kind, block in parts.data_blocks(fuzz.character()).items() if kind != "KEY"}
    kind = list(blocks)[fuzz.rng.integers(len(blocks))]
    found = [action for action in bpy.data.actions if compat.find_channelbag(action, kind)]
    requests = {action: stored_request.read_request(action) for action in found}
    found = [action for action, request in requests.items() if request and not request.get("layer")]
    if not found or not blocks[kind].animation_data:
        return None
    compat.assign_action(blocks[kind], found[fuzz.rng.integers(len(found))], kind)
    bpy.ops.diface.apply_articulation()  # an edit would, of a take that the Action editor made active
    _push("mix")
    return True


def insert_location_key(fuzz: Fuzz) -> bool:
    """Insert a location key, which is added to the take's Action."""
    obj, frame = fuzz.character(), int(fuzz.frame())
    obj.location.x = fuzz.rng.normal()
    obj.keyframe_insert("location", frame=frame)
    _push("move")
    return True


def live_key(fuzz: Fuzz) -> bool:
    """Move a key with Live on, in its working copy; then switch Live off."""
    before, edit = _Before(), bpy.context.scene.diface.edit
    edit.live = True
    _push("live on")
    if live.current() is None:
        raise RuntimeError(bpy.context.window_manager.diface.message)
    made = active_actions(fuzz.character())
    if (curve := fuzz.curve()) is not None:
        frame = fuzz.frame()
        curve.keyframe_points.insert(frame, curve.evaluate(frame) + fuzz.rng.normal(0, 0.2), options={"FAST"})
        live.current().mark_changed()
    end = time.monotonic() + float(fuzz.rng.choice([0.05, 0.3, 0.6]))
    while live.current() and time.monotonic() < end:
        time.sleep(live.tick() or 0)
    edit.live = False
    live.tick()
    for action in bpy.data.actions:
        if action.session_uid in before.takes and action not in made:
            assert fingerprint(action) == before.takes[action.session_uid][1], f"Live changed {action.name}"
    while process.shared_worker().busy:
        time.sleep(0.01)
    _push("live off")
    return True


def direct(fuzz: Fuzz) -> bool:
    """Change articulation, mood or gaze, key or reset it. The user's keys stay; applying it twice is as once."""
    obj = fuzz.character()
    before = {(pin.address, round(pin.frame, 3), pin.value) for pin in pins.find_pins(obj)}
    articulation = obj.diface.articulation
    name = str(fuzz.rng.choice(articulation_controls.CONTROLS))
    chance = fuzz.rng.random()
    if chance < 0.3:
        bpy.ops.diface.reset_articulation()
    elif chance < 0.6:
        setattr(obj.diface.mood, str(fuzz.rng.choice(mood_controls.NAMES)), float(fuzz.rng.choice([0.0, 0.5, 1.0])))
        obj.diface.mood.seed = int(fuzz.rng.integers(5))
    elif chance < 0.8:
        _direct_gaze(fuzz, obj)
    elif name in articulation_controls.TIMING:
        setattr(articulation, name, float(fuzz.rng.uniform(0, 100)))
    else:
        setattr(articulation, name, float(fuzz.rng.choice([0.0, 0.5, 1.0, 1.6, 2.0])))
        if fuzz.rng.random() < 0.3:
            articulation.keyframe_insert(name, frame=int(fuzz.frame()))
    bpy.ops.diface.apply_articulation()
    once = [fingerprint(action) for action in active_actions(obj)]
    bpy.ops.diface.apply_articulation()
    assert [fingerprint(action) for action in active_actions(obj)] == once
    after = {(pin.address, round(pin.frame, 3), pin.value) for pin in pins.find_pins(obj)}
    assert after == before, f"pins {before ^ after} changed with the articulation"
    _push("direct")
    return True


def vary(fuzz: Fuzz) -> bool:
    """Make a row of variations, go through it, and keep one or none. Other takes and the user's keys stay."""
    obj = fuzz.character()
    before, wanted = _Before(), pins.find_pins(obj)
    with without_articulation(obj):
        keys = active_keys(obj)
    bpy.context.scene.frame_set(bpy.context.scene.frame_start + int(fuzz.rng.integers(0, 90)))
    bpy.context.scene.diface.edit.frame_choice = "AUTO"
    bpy.ops.diface.make_variations(what=str(fuzz.rng.choice(["FRAMES", "TAKE"])), count=2)
    for number in (2, 1, 0, 1):
        bpy.ops.diface.show_variation(number=number)
    if fuzz.rng.random() < 0.5:
        bpy.ops.diface.keep_variation()
        check_edit(before, made=True)
        check_pins(obj, [pin for pin in wanted if pin.address in active_keys(obj)])
    else:
        bpy.ops.diface.discard_variations()
        assert {a.session_uid for a in bpy.data.actions if stored_request.read_request(a)} == set(before.takes)
        with without_articulation(obj):
            after = active_keys(obj)
        assert {address: points.tolist() for address, points in after.items()} == {
            address: points.tolist() for address, points in keys.items()
        }
    _push("vary")
    return True


def reduce_and_restore(fuzz: Fuzz) -> bool:
    """Reduce the keys of the active take, and write one a frame again. The user's keys survive both."""
    obj = fuzz.character()
    wanted = pins.find_pins(obj)
    for mode in (str(fuzz.rng.choice(["REDUCED", "STEP"])), "EVERY_FRAME"):
        bpy.ops.diface.set_keys(mode=mode)
        check_pins(obj, wanted)
    _push("reduce")
    return True


def change_mapping(fuzz: Fuzz) -> bool | None:
    """Change, leave out or reset rows of the mapping: no key of a take changes."""
    obj = fuzz.character()
    before = _Before()
    rows, chance = obj.diface_mapping.rows, fuzz.rng.random()
    if chance < 0.3:
        bpy.ops.diface.reset_mapping()
    elif chance < 0.5 and len(rows):
        row = rows[fuzz.rng.integers(len(rows))]
        row.gain = float(fuzz.rng.choice([-0.5, 0.5, 1.0, 1.5])) * (abs(row.gain) or 1.0)
        row.use = bool(fuzz.rng.random() < 0.8)
    else:
        table = mapping_list.table(bpy.context)[1].rows
        found = [number for number, row in enumerate(table) if row.hand < 0 and not row.problem]
        if not found:
            return None
        bpy.ops.diface.change_mapping_row(row=found[fuzz.rng.integers(len(found))], use=bool(fuzz.rng.random() < 0.8))
    for action in bpy.data.actions:
        if action.session_uid in before.takes:
            assert fingerprint(action) == before.takes[action.session_uid][1], f"the mapping changed {action.name}"
    _push("mapping")
    return True


def _direct_gaze(fuzz: Fuzz, obj: bpy.types.Object) -> None:
    """Let the character look at an Empty, which may move or be deleted, at a camera or at nothing."""
    gaze, chance, scene = obj.diface.gaze, fuzz.rng.random(), bpy.context.scene
    if chance < 0.15:
        bpy.ops.diface.reset_gaze()
        return
    if gaze.target is None or not gaze.target.users_scene:
        gaze.target = bpy.data.objects.new("Target", None)
        scene.collection.objects.link(gaze.target)
    gaze.target.location = fuzz.rng.uniform((-6, -9, -3), (6, 1, 3))
    gaze.use, gaze.seed = bool(chance < 0.9), int(fuzz.rng.integers(3))
    gaze.head, gaze.often = (float(fuzz.rng.choice([0.0, 0.5, 1.0])) for _ in range(2))
    if chance < 0.35:
        gaze.target.keyframe_insert("location", frame=int(fuzz.frame()))
    elif chance < 0.5:
        gaze.keyframe_insert("weight", frame=int(fuzz.frame()))
    elif chance < 0.6:
        if gaze.target.animation_data:
            bpy.data.actions.remove(gaze.target.animation_data.action)
        bpy.data.objects.remove(gaze.target)
    gaze.look_at = "CAMERA" if chance < 0.2 else "OBJECT"


EDITS = (regenerate, regenerate_all, in_between, swap)
OPERATIONS = (
    insert_key, insert_key, insert_key, drag_key, delete_key, lock_or_mute, regenerate, regenerate, regenerate,
    regenerate_all, in_between, in_between, swap, generate, pin_pose, unpin, copy_and_paste, switch_take, remove_take,
    remove_take, remove_take, undo, undo, redo, save_and_load, duplicate, splice, compare, mix_takes,
    insert_location_key, live_key, direct, direct, vary, reduce_and_restore, change_mapping,
)  # fmt: skip


def run(seed: int, operations: int, folder: Path, several: str = "") -> Fuzz:
    """Run operations; raise AssertionError with the list of operations if an invariant is violated.

    Args:
        seed: Of all choices.
        operations: How many.
        folder: For files.
        several: Edit a character of several parts of one of `avatar.KINDS`, not one mesh.
    """
    fuzz = Fuzz(seed, folder, several)
    for number in range(operations):
        try:
            fuzz.step()
        except BaseException as broken:
            raise AssertionError(f"seed {seed}, operation {number}: {fuzz.log[-12:]}: {broken}") from broken
    return fuzz


def main() -> None:
    import diface_addon

    parser = argparse.ArgumentParser(prog="python -m tests.addon.fuzzing.random_editing", description=__doc__)
    parser.add_argument("--operations", type=int, default=500, help="of each seed (default: 500)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds")
    parser.add_argument("--parts", default="", choices=avatar.KINDS, help="a character of several parts with bones")
    given = parser.parse_args()
    diface_addon.register()
    process._shared = process.WorkerProcess("tests.addon.worker.fake_engine")
    broken = 0
    for seed in range(given.seed, given.seed + given.seeds):
        with tempfile.TemporaryDirectory() as folder:
            try:
                fuzz = run(seed, given.operations, Path(folder), given.parts)
                print(f"seed {seed}: {dict(fuzz.done)}; refused: {dict(fuzz.refused)}", flush=True)  # noqa: T201
            except AssertionError:
                traceback.print_exc()
                broken += 1
    diface_addon.unregister()
    raise SystemExit(1 if broken else 0)


if __name__ == "__main__":
    main()
