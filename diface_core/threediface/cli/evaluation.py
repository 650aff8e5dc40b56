"""An evaluation as 3DiFACE's config describes it: audio files in; results, graphs and videos out."""

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

if TYPE_CHECKING:  # torch takes a second to import; a mistake in the config is reported before
    from .loaded_models import LoadedModels
    from .sample_generator import EvaluationInput, GeneratedSample, StageCallback

log = logging.getLogger(__name__)

AUDIO_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3")
VOCASET_DATAROOT = "voca"
TIMESTAMP_FORMAT = "_%Y_%m_%d_%H_%M_%S"


@dataclass(frozen=True)
class Evaluation:
    """The config, models, audio files and outputs of an evaluation."""

    config: EvaluationConfig
    models: LoadedModels
    audio_files: tuple[Path, ...]
    paths: ResultPaths
    renderer: FaceVideoRenderer | None

    @classmethod
    def prepare(
        cls,
        config: EvaluationConfig,
        user_files: UserFiles,
        audio: Path | None,
        output: Path | None,
        device: str | None,
    ) -> Evaluation:
        """Check all inputs, then load the models.

        Args:
            config: The config.
            user_files: The user's files.
            audio: Audio file or folder; None uses the config's.
            output: Folder of the experiment; None uses the model's.
            device: Name of torch's device; None uses the best one.

        Raises:
            DifaceError: If something is missing or does not fit together.
        """
        audio_files = find_audio_files(audio, config.exp_cfg.dataroot_path, user_files.vocaset)
        if config.synthensis_mode == "edit":
            _check_edit(config, audio_files)
        if config.exp_cfg.graph_vis:
            graphs.check_matplotlib()
        renderer = FaceVideoRenderer.find(user_files) if config.exp_cfg.render else None

        from .loaded_models import LoadedModels, parse_device

        models = LoadedModels.load(config, user_files, parse_device(device))
        return cls(config, models, audio_files, ResultPaths(_experiment_folder(config, output)), renderer)

    def evaluate_audio(self, audio: Path, seed: int, report: StageCallback) -> Iterator[Path]:
        """Generate and write every sample for one audio file; yield the paths of the files.

        Raises:
            DifaceError: If the audio or the edited result cannot be used, or a file cannot be written.
        """
        from ...audio.reading import load_clip
        from ...types import AudioSection
        from .sample_generator import SampleGenerator, prepare_input

        path = self._edited_result(audio)
        inputs = prepare_input(load_clip(AudioSection(audio)), self.config, read_result(path) if path else None)
        generator = SampleGenerator(self.models, self.config, inputs, report)
        for sample in range(self.config.exp_cfg.num_of_samples):
            generated = generator.generate(seed + sample)
            yield from self._write(self._result_name(audio, sample, path), generated, inputs, report)

    def _write(
        self, name: str, generated: GeneratedSample, inputs: EvaluationInput, report: StageCallback
    ) -> Iterator[Path]:
        write_result(self.paths.result(name), generated.result)
        yield self.paths.result(name)
        for step, result in generated.dumps.items():
            write_result(self.paths.dump(name, step), result)
            yield self.paths.dump(name, step)
        if self.config.exp_cfg.graph_vis:
            graphs.draw_graph(self.paths.graph(name), name, generated.result, inputs.edited, generated.source_frames)
            yield self.paths.graph(name)
        if self.renderer:
            takes = {"before": inputs.edited, "after": generated.result} if inputs.edited else {"": generated.result}
            faces = {caption: self._displayed_vertices(take) for caption, take in takes.items()}
            self.renderer.render_video(self.paths.video(name), faces, inputs.waveform, report)
            yield self.paths.video(name)

    def _displayed_vertices(self, take: ThreeDifaceResult) -> Float32Array:
        """Return the vertices (T, 5023, 3) of the video, with the head turned; a head alone turns the neutral face."""
        flame = self.models.flame
        assert flame is not None  # FaceVideoRenderer.find requires its file
        neutral = flame.template if self.models.template is None else self.models.template
        vertices = np.repeat(neutral[None], len(take), 0) if take.vertices is None else take.vertices
        if not self.config.face_motion_model.use_voca_template_for_vis:
            vertices, neutral = vertices - neutral + flame.template, flame.template
        return vertices if take.pose is None else apply_neck_rotation(flame, vertices, take.pose, neutral)

    def _edited_result(self, audio: Path) -> Path | None:
        """Return the path of the result that is edited for this audio file."""
        path = self.config.exp_cfg.edit_file
        if self.config.synthensis_mode != "edit" or path is None:
            return None
        return path / f"{audio.stem}_ss00.npy" if path.is_dir() else path

    def _result_name(self, audio: Path, sample: int, edited: Path | None) -> str:
        """Return `<audio>_ss<NN>`, with a suffix if that would overwrite the edited result."""
        name = f"{audio.stem}_ss{sample:02d}"
        result = self.paths.result(name)
        return f"{name}_edit" if edited and result.absolute() == edited.absolute() else name


def find_audio_files(source: Path | None, dataroot: str | None, vocaset: Path | None) -> tuple[Path, ...]:
    """Return the audio file, or all of a folder.

    Args:
        source: Audio file or folder; None uses `dataroot`.
        dataroot: The config's dataroot_path; "voca" is VOCASET's folder.
        vocaset: VOCASET's folder.

    Raises:
        DifaceError: If there are no files, or two with the same stem.
    """
    folder = source
    if folder is None and dataroot is not None:
        folder = vocaset if dataroot == VOCASET_DATAROOT and vocaset else Path(dataroot).expanduser()
        folder = next((folder / name for name in ("wav", "audio") if (folder / name).is_dir()), folder)
    if folder is None or (source is None and not folder.is_dir()):
        hint = "Give --audio_file: an audio file, or a folder of them."
        raise DifaceError("No audio file is given.", hint)
    if not folder.is_dir():
        return (folder,)
    paths = tuple(sorted(path for path in folder.iterdir() if path.suffix.lower() in AUDIO_SUFFIXES))
    if not paths:
        raise DifaceError(f"{folder} has no audio files.", f"Give a folder of {', '.join(AUDIO_SUFFIXES)} files.")
    stem, count = Counter(path.stem for path in paths).most_common(1)[0]
    if count > 1:
        raise DifaceError(
            f"{folder} has {count} audio files called {stem}, whose results would overwrite each other.", "Rename one."
        )
    return paths


def _check_edit(config: EvaluationConfig, audio_files: tuple[Path, ...]) -> None:
    """Raise DifaceError if the config's edit is incomplete or inconsistent."""
    settings, path = config.exp_cfg, config.exp_cfg.edit_file
    if settings.method != "both" and settings.method not in settings.edit_part:
        hint = f"Add {settings.method} to edit_part, or set method to both."
        message = f"There is nothing to edit: method is {settings.method}, edit_part {settings.edit_part[0]}."
        raise DifaceError(message, hint)
    if path is None:
        raise DifaceError(
            "exp_cfg.edit_file must be a .npy result for synthensis_mode edit. It is not set.",
            "Set it, or give --edit_file; or generate a result first with --synthensis_mode generate.",
        )
    if not path.exists():
        hint = "Correct it or give --edit_file. Results are in <model>/<experiment>/npy."
        raise DifaceError(f"exp_cfg.edit_file must be a .npy result. {path} does not exist.", hint)
    if len(audio_files) > 1 and not path.is_dir():
        hint = "Give one audio file, or set edit_file to a folder with <audio>_ss00.npy for each."
        raise DifaceError(f"exp_cfg.edit_file is one result, but there are {len(audio_files)} audio files.", hint)


def _experiment_folder(config: EvaluationConfig, output: Path | None) -> Path:
    """Return the folder of this experiment's results, in `output` or in the model's folder."""
    face_only = config.exp_cfg.method == "face"
    model = (config.face_motion_model if face_only else config.head_motion_model).model_path
    name = config.exp_cfg.experiment_name + (time.strftime(TIMESTAMP_FORMAT) if config.exp_cfg.use_time_stamp else "")
    return (output or model or Path()) / name
