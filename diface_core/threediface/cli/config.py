"""3DiFACE's evaluation config, section by section, with its authors' spelling; DiFACE's additions are marked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from ..options import NEWEST_CHECKPOINT
from .config_values import BOOLEAN, INTEGERS, PAIRS, PATH, TEXT, ConfigKey, choice, integer, number, subset

PUBLISHED_LISTENER, PUBLISHED_LISTENER_CKPT = "cond_012_17_00_concat_prob10_vel10", "model000130000"
"""The published face model whose audio encoder conditioned the heads in training, and its checkpoint."""

MODE = choice("generate", "edit", editing="edit")
METHOD = choice("both", "face", "head")
EDIT_MODE = choice("in_between", "keyframe", "keyframe_swap")
PARTS = subset("face", "head")
ALL = "all"


@dataclass(frozen=True)
class HeadModelKeys:
    """Section `head_motion_model`."""

    model_path: Annotated[Path | None, ConfigKey(PATH, "folder of the head model")] = None
    model_ckpt: Annotated[str, ConfigKey(TEXT, "its checkpoint: a file's stem, or best for the newest")] = (
        NEWEST_CHECKPOINT
    )


@dataclass(frozen=True)
class FaceModelKeys:
    """Section `face_motion_model`."""

    model_path: Annotated[Path | None, ConfigKey(PATH, "folder of the face model")] = None
    model_ckpt: Annotated[str, ConfigKey(TEXT, "its checkpoint: a file's stem, or best for the newest")] = (
        NEWEST_CHECKPOINT
    )
    identity_for_testing: Annotated[str | None, ConfigKey(TEXT, "VOCASET subject whose face the result has")] = None
    condition_for_tesing: Annotated[str | None, ConfigKey(TEXT, "VOCASET subject whose trained style it has")] = None
    use_voca_template_for_vis: Annotated[
        bool, ConfigKey(BOOLEAN, "the video shows that subject's face, not FLAME's")
    ] = True
    condition_index: Annotated[int | None, ConfigKey(integer(0, 1000), "which trained style, 0 to 7 as published")] = (
        None
    )
    guidance_scale: Annotated[
        float, ConfigKey(number(-10, 100), "guidance towards the speech: 0 ignores it, 1 is no guidance")
    ] = 0.5
    guidance_sampling: Annotated[bool, ConfigKey(BOOLEAN, "whether guidance is used")] = True


@dataclass(frozen=True)
class ListenerKeys:
    """Section `listener_model`, DiFACE's addition: the face model whose audio encoder conditions the head."""

    model_path: Annotated[
        Path | None,
        ConfigKey(PATH, f"folder of the general face model; without it {PUBLISHED_LISTENER} in the head's folder"),
    ] = None
    model_ckpt: Annotated[str | None, ConfigKey(TEXT, f"its checkpoint; without it {PUBLISHED_LISTENER_CKPT}")] = None


@dataclass(frozen=True)
class ExperimentKeys:
    """Section `exp_cfg`. `in_between`, `key_frames` and `steps` are DiFACE's additions."""

    method: Annotated[str, ConfigKey(METHOD, "parts of the result")] = "both"
    edit_part: Annotated[tuple[str, ...], ConfigKey(PARTS, "parts that are edited; the others are kept")] = (
        "face",
        "head",
    )
    num_frames_per_sample: Annotated[
        int | None, ConfigKey(integer(1, none_word=ALL), "number of frames from the start of the audio")
    ] = None
    num_of_samples: Annotated[
        int, ConfigKey(integer(1, maximum=1000), "results per audio file, with consecutive seeds")
    ] = 1
    experiment_name: Annotated[str, ConfigKey(TEXT, "folder of the results, inside the model's")] = "diface"
    dump_steps: Annotated[
        tuple[int, ...], ConfigKey(INTEGERS, "diffusion steps whose intermediate result is written too")
    ] = ()
    dataroot_path: Annotated[
        str | None, ConfigKey(TEXT, "folder of the audio files without --audio_file; voca: VOCASET_PATH")
    ] = None
    render: Annotated[bool, ConfigKey(BOOLEAN, "a video of each result, by Blender")] = False
    use_time_stamp: Annotated[bool, ConfigKey(BOOLEAN, "the time after the experiment's name")] = False
    graph_vis: Annotated[bool, ConfigKey(BOOLEAN, "a graph of each result, by matplotlib")] = False
    edit_file: Annotated[Path | None, ConfigKey(PATH, "the .npy result to edit, or a folder of them")] = None
    edit_mode: Annotated[str, ConfigKey(EDIT_MODE, "how it is edited")] = "in_between"
    in_between: Annotated[
        tuple[tuple[int, int], ...], ConfigKey(PAIRS, "ranges of regenerated frames, the last frame excluded")
    ] = ((90, 250),)
    key_frames: Annotated[
        tuple[int, ...] | None, ConfigKey(INTEGERS, "frames that are kept; without it every 60th")
    ] = None
    key_frames_dict: Annotated[
        tuple[tuple[int, int], ...], ConfigKey(PAIRS, "for keyframe_swap: source frame and target frame")
    ] = ()
    steps: Annotated[
        int | None,
        ConfigKey(integer(1, none_word=ALL), "steps of DPM-Solver++, such as 25; without it all diffusion steps"),
    ] = None


@dataclass(frozen=True)
class EvaluationConfig:
    """The whole config."""

    head_motion_model: HeadModelKeys = HeadModelKeys()
    face_motion_model: FaceModelKeys = FaceModelKeys()
    listener_model: ListenerKeys = ListenerKeys()
    synthensis_mode: Annotated[str, ConfigKey(MODE, "generate, or edit an edit_file")] = "generate"
    exp_cfg: ExperimentKeys = ExperimentKeys()
