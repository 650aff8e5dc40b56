"""3DiFACE's evaluation config, section by section, with its authors' spelling; what is ours says so."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from .keys import PAIRS, PATH, SWITCH, TEXT, WHOLES, Key, choice, number, several, whole

BEST = "best"
"""In place of a checkpoint's name: the newest."""

LISTENER, LISTENER_CKPT = "cond_012_17_00_concat_prob10_vel10", "model000130000"
"""The published model that the heads were trained to hear by, and its checkpoint."""

MODE = choice("generate", "edit", editing="edit")
METHOD = choice("both", "face", "head")
EDIT_MODE = choice("in_between", "keyframe", "keyframe_swap")
PARTS = several("face", "head")
ALL = "all"


@dataclass(frozen=True)
class HeadModelKeys:
    """`head_motion_model`."""

    model_path: Annotated[Path | None, Key(PATH, "folder of the head model")] = None
    model_ckpt: Annotated[str, Key(TEXT, "its checkpoint: a file's stem, or best for the newest")] = BEST


@dataclass(frozen=True)
class FaceModelKeys:
    """`face_motion_model`."""

    model_path: Annotated[Path | None, Key(PATH, "folder of the face model")] = None
    model_ckpt: Annotated[str, Key(TEXT, "its checkpoint: a file's stem, or best for the newest")] = BEST
    identity_for_testing: Annotated[str | None, Key(TEXT, "VOCASET subject whose face the result has")] = None
    condition_for_tesing: Annotated[str | None, Key(TEXT, "VOCASET subject whose trained style it has")] = None
    use_voca_template_for_vis: Annotated[bool, Key(SWITCH, "the video shows that subject's face, not FLAME's")] = True
    condition_index: Annotated[int | None, Key(whole(0, 1000), "which trained style, 0 to 7 as published")] = None
    guidance_scale: Annotated[float, Key(number(-10, 100), "towards the speech: 0 ignores it, 1 is none")] = 0.5
    guidance_sampling: Annotated[bool, Key(SWITCH, "whether there is guidance")] = True


@dataclass(frozen=True)
class ListenerKeys:
    """`listener_model`, ours: the general face model whose audio features the head hears."""

    model_path: Annotated[Path | None, Key(PATH, f"the general face model; without it {LISTENER} beside the head")] = (
        None
    )
    model_ckpt: Annotated[str | None, Key(TEXT, f"its checkpoint; without it {LISTENER_CKPT}")] = None


@dataclass(frozen=True)
class ExperimentKeys:
    """`exp_cfg`. `in_between`, `key_frames` and `steps` are ours."""

    method: Annotated[str, Key(METHOD, "what the result holds")] = "both"
    edit_part: Annotated[tuple[str, ...], Key(PARTS, "what is edited; the rest stays")] = ("face", "head")
    num_frames_per_sample: Annotated[int | None, Key(whole(1, none=ALL), "how much of the sound, from its start")] = (
        None
    )
    num_of_samples: Annotated[int, Key(whole(1, most=1000), "results a sound, each with the next seed")] = 1
    experiment_name: Annotated[str, Key(TEXT, "folder of the results, inside the model's")] = "diface"
    dump_steps: Annotated[tuple[int, ...], Key(WHOLES, "diffusion steps whose result so far is written too")] = ()
    dataroot_path: Annotated[str | None, Key(TEXT, "folder of the sounds without --audio_file; voca: VOCASET_PATH")] = (
        None
    )
    render: Annotated[bool, Key(SWITCH, "a video of each result, by Blender")] = False
    use_time_stamp: Annotated[bool, Key(SWITCH, "the time after the experiment's name")] = False
    graph_vis: Annotated[bool, Key(SWITCH, "a graph of each result, by matplotlib")] = False
    edit_file: Annotated[Path | None, Key(PATH, "the .npy result to edit, or a folder of them")] = None
    edit_mode: Annotated[str, Key(EDIT_MODE, "how it is edited")] = "in_between"
    in_between: Annotated[tuple[tuple[int, int], ...], Key(PAIRS, "frames made anew, the last not with them")] = (
        (90, 250),
    )
    key_frames: Annotated[tuple[int, ...] | None, Key(WHOLES, "frames that stay; without it every 60th")] = None
    key_frames_dict: Annotated[
        tuple[tuple[int, int], ...], Key(PAIRS, "for keyframe_swap: frames that stay, and where")
    ] = ()
    steps: Annotated[int | None, Key(whole(1, none=ALL), "of DPM-Solver++, such as 25; without it the model's own")] = (
        None
    )


@dataclass(frozen=True)
class EvaluationConfig:
    """The whole file."""

    head_motion_model: HeadModelKeys = HeadModelKeys()
    face_motion_model: FaceModelKeys = FaceModelKeys()
    listener_model: ListenerKeys = ListenerKeys()
    synthensis_mode: Annotated[str, Key(MODE, "generate, or edit an edit_file")] = "generate"
    exp_cfg: ExperimentKeys = ExperimentKeys()
