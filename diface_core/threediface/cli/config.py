"""3DiFACE's evaluation config, section by section, with its authors' spelling; what is ours says so."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from .config_values import BOOLEAN, INTEGERS, PAIRS, PATH, TEXT, ConfigKey, choice, integer, number, subset

BEST = "best"
"""In place of a checkpoint's name: the newest."""

PUBLISHED_LISTENER, PUBLISHED_LISTENER_CKPT = "cond_012_17_00_concat_prob10_vel10", "model000130000"
"""The published model that the heads were trained to hear by, and its checkpoint."""

MODE = choice("generate", "edit", editing="edit")
METHOD = choice("both", "face", "head")
EDIT_MODE = choice("in_between", "keyframe", "keyframe_swap")
PARTS = subset("face", "head")
ALL = "all"


@dataclass(frozen=True)
class HeadModelKeys:
    """`head_motion_model`."""

    model_path: Annotated[Path | None, ConfigKey(PATH, "folder of the head model")] = None
    model_ckpt: Annotated[str, ConfigKey(TEXT, "its checkpoint: a file's stem, or best for the newest")] = BEST


@dataclass(frozen=True)
class FaceModelKeys:
    """`face_motion_model`."""

    model_path: Annotated[Path | None, ConfigKey(PATH, "folder of the face model")] = None
    model_ckpt: Annotated[str, ConfigKey(TEXT, "its checkpoint: a file's stem, or best for the newest")] = BEST
    identity_for_testing: Annotated[str | None, ConfigKey(TEXT, "VOCASET subject whose face the result has")] = None
    condition_for_tesing: Annotated[str | None, ConfigKey(TEXT, "VOCASET subject whose trained style it has")] = None
    use_voca_template_for_vis: Annotated[
        bool, ConfigKey(BOOLEAN, "the video shows that subject's face, not FLAME's")
    ] = True
    condition_index: Annotated[int | None, ConfigKey(integer(0, 1000), "which trained style, 0 to 7 as published")] = (
        None
    )
    guidance_scale: Annotated[float, ConfigKey(number(-10, 100), "towards the speech: 0 ignores it, 1 is none")] = 0.5
    guidance_sampling: Annotated[bool, ConfigKey(BOOLEAN, "whether there is guidance")] = True


@dataclass(frozen=True)
class ListenerKeys:
    """`listener_model`, ours: the general face model whose audio features the head hears."""

    model_path: Annotated[
        Path | None, ConfigKey(PATH, f"the general face model; without it {PUBLISHED_LISTENER} beside the head")
    ] = None
    model_ckpt: Annotated[str | None, ConfigKey(TEXT, f"its checkpoint; without it {PUBLISHED_LISTENER_CKPT}")] = None


@dataclass(frozen=True)
class ExperimentKeys:
    """`exp_cfg`. `in_between`, `key_frames` and `steps` are ours."""

    method: Annotated[str, ConfigKey(METHOD, "what the result holds")] = "both"
    edit_part: Annotated[tuple[str, ...], ConfigKey(PARTS, "what is edited; the rest stays")] = ("face", "head")
    num_frames_per_sample: Annotated[
        int | None, ConfigKey(integer(1, none_word=ALL), "how much of the sound, from its start")
    ] = None
    num_of_samples: Annotated[int, ConfigKey(integer(1, maximum=1000), "results a sound, each with the next seed")] = 1
    experiment_name: Annotated[str, ConfigKey(TEXT, "folder of the results, inside the model's")] = "diface"
    dump_steps: Annotated[
        tuple[int, ...], ConfigKey(INTEGERS, "diffusion steps whose result so far is written too")
    ] = ()
    dataroot_path: Annotated[
        str | None, ConfigKey(TEXT, "folder of the sounds without --audio_file; voca: VOCASET_PATH")
    ] = None
    render: Annotated[bool, ConfigKey(BOOLEAN, "a video of each result, by Blender")] = False
    use_time_stamp: Annotated[bool, ConfigKey(BOOLEAN, "the time after the experiment's name")] = False
    graph_vis: Annotated[bool, ConfigKey(BOOLEAN, "a graph of each result, by matplotlib")] = False
    edit_file: Annotated[Path | None, ConfigKey(PATH, "the .npy result to edit, or a folder of them")] = None
    edit_mode: Annotated[str, ConfigKey(EDIT_MODE, "how it is edited")] = "in_between"
    in_between: Annotated[tuple[tuple[int, int], ...], ConfigKey(PAIRS, "frames made anew, the last not with them")] = (
        (90, 250),
    )
    key_frames: Annotated[tuple[int, ...] | None, ConfigKey(INTEGERS, "frames that stay; without it every 60th")] = None
    key_frames_dict: Annotated[
        tuple[tuple[int, int], ...], ConfigKey(PAIRS, "for keyframe_swap: frames that stay, and where")
    ] = ()
    steps: Annotated[
        int | None, ConfigKey(integer(1, none_word=ALL), "of DPM-Solver++, such as 25; without it the model's own")
    ] = None


@dataclass(frozen=True)
class EvaluationConfig:
    """The whole file."""

    head_motion_model: HeadModelKeys = HeadModelKeys()
    face_motion_model: FaceModelKeys = FaceModelKeys()
    listener_model: ListenerKeys = ListenerKeys()
    synthensis_mode: Annotated[str, ConfigKey(MODE, "generate, or edit an edit_file")] = "generate"
    exp_cfg: ExperimentKeys = ExperimentKeys()
