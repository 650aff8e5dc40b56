"""An evaluation as 3DiFACE's config describes it: sounds in, results, graphs and videos out."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import DifaceError
from ...faces.flame.neck import apply_neck_rotation
from ...types import Float32Array
from . import graphs
from .config import EvaluationConfig
from .results import ResultPaths, ThreeDifaceResult, read_result, write_result
from .user_files import UserFiles
from .video_renderer import FaceVideoRenderer

if TYPE_CHECKING:  # torch takes a second to import, and a mistake should cost none
    from .loaded_models import LoadedModels
    from .sample_generator import EvaluationInput, GeneratedSample, StageCallback

log = logging.getLogger(__name__)

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
VOCASET_DATAROOT = "voca"
TIMESTAMP_FORMAT = "_%Y_%m_%d_%H_%M_%S"


@dataclass(frozen=True)
class Evaluation:
    """All that is needed for every one of its `sounds`."""

    config: EvaluationConfig
    models: LoadedModels
    sounds: tuple[Path, ...]
    paths: ResultPaths
    renderer: FaceVideoRenderer | None

    @classmethod
    def prepare(
        cls,
        config: EvaluationConfig,
        user_files: UserFiles,
        sound: Path | None,
        output: Path | None,
        device: str | None,
    ) -> Evaluation:
        """Look for everything, then load the models. Raises DifaceError for what is missing or does not fit."""
        sounds = find_sounds(sound, config.exp_cfg.dataroot_path, user_files.vocaset)
        if config.synthensis_mode == "edit":
            _check_edit(config, sounds)
        if config.exp_cfg.graph_vis:
            graphs.check_matplotlib()
        studio = FaceVideoRenderer.find(user_files) if config.exp_cfg.render else None

        from .loaded_models import LoadedModels, parse_device

        cast = LoadedModels.load(config, user_files, parse_device(device))
        return cls(config, cast, sounds, ResultPaths(_experiment_folder(config, output)), studio)

    def evaluate_sound(self, sound: Path, seed: int, report: StageCallback) -> Iterator[Path]:
        """Every sample for one sound, written; yields each file's path. Raises DifaceError where it cannot be done."""
        from ...audio.reading import load_clip
        from ...types import AudioSection
        from .sample_generator import SampleGenerator, prepare_input

        path = self._edited_result(sound)
        scene = prepare_input(load_clip(AudioSection(sound)), self.config, read_result(path) if path else None)
        performing = SampleGenerator(self.models, self.config, scene, report)
        for sample in range(self.config.exp_cfg.num_of_samples):
            made = performing.generate(seed + sample)
            yield from self._write(self._result_name(sound, sample, path), made, scene, report)

    def _write(
        self, name: str, generated: GeneratedSample, scene: EvaluationInput, report: StageCallback
    ) -> Iterator[Path]:
        write_result(self.paths.result(name), generated.result)
        yield self.paths.result(name)
        for step, performance in generated.dumps.items():
            write_result(self.paths.dump(name, step), performance)
            yield self.paths.dump(name, step)
        if self.config.exp_cfg.graph_vis:
            graphs.draw_graph(self.paths.graph(name), name, generated.result, scene.edited, generated.source_frames)
            yield self.paths.graph(name)
        if self.renderer:
            takes = {"before": scene.edited, "after": generated.result} if scene.edited else {"": generated.result}
            faces = {caption: self._displayed_vertices(take) for caption, take in takes.items()}
            self.renderer.render_video(self.paths.video(name), faces, scene.waveform, report)
            yield self.paths.video(name)

    def _displayed_vertices(self, take: ThreeDifaceResult) -> Float32Array:
        """The vertices (T, 5023, 3) that the video shows, the head turned; a head alone turns the face at rest."""
        flame = self.models.flame
        assert flame is not None  # Studio.find asks for its file
        rest = flame.template if self.models.template is None else self.models.template
        vertices = np.repeat(rest[None], len(take), 0) if take.vertices is None else take.vertices
        if not self.config.face_motion_model.use_voca_template_for_vis:
            vertices, rest = vertices - rest + flame.template, flame.template
        return vertices if take.pose is None else apply_neck_rotation(flame, vertices, take.pose, rest)

    def _edited_result(self, sound: Path) -> Path | None:
        """The result that is edited for this sound."""
        path = self.config.exp_cfg.edit_file
        if self.config.synthensis_mode != "edit" or path is None:
            return None
        return path / f"{sound.stem}_ss00.npy" if path.is_dir() else path

    def _result_name(self, sound: Path, sample: int, edited: Path | None) -> str:
        """`<audio>_ss<NN>`; beside what is edited, never in its place."""
        name = f"{sound.stem}_ss{sample:02d}"
        result = self.paths.result(name)
        return f"{name}_edit" if edited and result.absolute() == edited.absolute() else name


def find_sounds(source: Path | None, dataroot: str | None, vocaset: Path | None) -> tuple[Path, ...]:
    """The sound, or all in the folder; without one those of dataroot_path, which is VOCASET's for "voca".

    Raises DifaceError where there are none, or two of one name.
    """
    folder = source
    if folder is None and dataroot is not None:
        folder = vocaset if dataroot == VOCASET_DATAROOT and vocaset else Path(dataroot).expanduser()
        folder = next((folder / name for name in ("wav", "audio") if (folder / name).is_dir()), folder)
    if folder is None or (source is None and not folder.is_dir()):
        hint = "Give --audio_file: a sound file, or a folder of them."
        raise DifaceError("There is no speech to perform.", hint)
    if not folder.is_dir():
        return (folder,)
    found = tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in AUDIO_SUFFIXES))
    if not found:
        raise DifaceError(f"There are no sounds in {folder}.", f"Give a folder of {', '.join(AUDIO_SUFFIXES)} files.")
    stem, count = Counter(path.stem for path in found).most_common(1)[0]
    if count > 1:
        raise DifaceError(
            f"{folder} holds {count} sounds called {stem}.", "Their results would be one file: rename one."
        )
    return found


def _check_edit(config: EvaluationConfig, sounds: tuple[Path, ...]) -> None:
    how, path = config.exp_cfg, config.exp_cfg.edit_file
    if how.method != "both" and how.method not in how.edit_part:
        hint = f"Name {how.method} in edit_part, or set method to both."
        raise DifaceError(f"There is nothing to edit: method is {how.method}, edit_part {how.edit_part[0]}.", hint)
    if path is None:
        raise DifaceError(
            "exp_cfg.edit_file must be a .npy result for synthensis_mode edit. It is not given.",
            "Give it, or --edit_file; or --synthensis_mode generate, to make one first.",
        )
    if not path.exists():
        hint = "Correct it or give --edit_file. Results lie in <model>/<experiment>/npy."
        raise DifaceError(f"exp_cfg.edit_file must be a .npy result. There is none at {path}.", hint)
    if len(sounds) > 1 and not path.is_dir():
        hint = "Give one sound; or as edit_file a folder with <audio>_ss00.npy for each."
        raise DifaceError(f"exp_cfg.edit_file is one result, and there are {len(sounds)} sounds.", hint)


def _experiment_folder(config: EvaluationConfig, output: Path | None) -> Path:
    """The folder of this experiment's results: in `output`, or in the model's own."""
    face_only = config.exp_cfg.method == "face"
    model = (config.face_motion_model if face_only else config.head_motion_model).model_path
    name = config.exp_cfg.experiment_name + (time.strftime(TIMESTAMP_FORMAT) if config.exp_cfg.use_time_stamp else "")
    return (output or model or Path()) / name
