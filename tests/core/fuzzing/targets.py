"""Every reader of the core for files and messages from elsewhere, with small valid files to start from."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

from diface_core import AudioSection, FrameRate, protocol, request_file
from diface_core.audio.reading import load_clip
from diface_core.batch.lines import read_batch
from diface_core.batch.preset_column import names_of_preset
from diface_core.faces.flame import flame_model, identities, masks, mesh_files
from diface_core.inference.denoiser_file import read_denoiser_file
from diface_core.model import style_file
from diface_core.motion.files import read_csv, read_npz
from diface_core.recordings.read import read_recording
from diface_core.threediface.checkpoint import load_head
from diface_core.threediface.cli.config_file import read_config
from diface_core.threediface.cli.results import read_result
from diface_core.transcripts.read_transcript import read_transcript

from . import seeds
from .target import Target


def _read_sound(path: Path) -> None:
    load_clip(AudioSection(path, 0.01, 0.5))


def _read_messages(path: Path) -> None:
    """Read what the worker and Blender receive: messages one after another, each parsed as its kind."""
    stream = io.BytesIO(path.read_bytes())
    while (message := protocol.read(stream)) is not None:
        parse = PARSERS.get(message.kind)
        if parse is not None:
            parse(message)


PARSERS = {
    **{exchange.kind: exchange.parse_request for exchange in protocol.EXCHANGES},
    **{exchange.response_kind: exchange.parse_response for exchange in protocol.EXCHANGES},
    "progress": protocol.parse_progress,
    "error": protocol.parse_error,
}


def _read_preset(path: Path) -> None:
    names_of_preset(path.name, path.parent)


def _read_style(path: Path) -> None:
    style_file.load(path, seeds.FINGERPRINT)


def _read_checkpoint(path: Path) -> None:
    """Read a 3DiFACE head checkpoint beside its valid options."""
    _with_model_folder(path, path, seeds.head_arguments())


def _read_options(path: Path) -> None:
    """Read the options of a 3DiFACE head beside its valid checkpoint."""
    folder = _model_folder(path)
    if not any((folder / "checkpoints").iterdir()):
        (folder / "checkpoints" / "model000000001.pt").write_bytes(seeds.checkpoints()[0])
    shutil.copyfile(path, folder / "args.yml")
    load_head(folder)


def _with_model_folder(path: Path, weights: Path, options: str) -> None:
    folder = _model_folder(path)
    (folder / "args.yml").write_text(options)
    shutil.copyfile(weights, folder / "checkpoints" / "model000000001.pt")
    load_head(folder)


def _model_folder(path: Path) -> Path:
    folder = path.parent / "model"
    (folder / "checkpoints").mkdir(parents=True, exist_ok=True)
    return folder


TARGETS: dict[str, Target] = {
    "sound_wav": Target(".wav", _read_sound, lambda: seeds.sounds("WAV")),
    "sound_flac": Target(".flac", _read_sound, lambda: seeds.sounds("FLAC")),
    "sound_ogg": Target(".ogg", _read_sound, lambda: seeds.sounds("OGG")),
    "sound_mp3": Target(".mp3", _read_sound, lambda: seeds.sounds("MP3")),
    "recording_csv": Target(".csv", read_recording, seeds.recording_tables),
    "recording_json": Target(".json", read_recording, seeds.recording_json),
    "recording_npz": Target(".npz", read_recording, seeds.motions_npz, is_archive=True),
    "motion_npz": Target(".npz", read_npz, seeds.motions_npz, is_archive=True),
    "motion_csv": Target(".csv", lambda path: read_csv(path, FrameRate(30)), seeds.motions_csv),
    "transcript_srt": Target(".srt", read_transcript, lambda: [seeds.SRT]),
    "transcript_vtt": Target(".vtt", read_transcript, lambda: [seeds.VTT]),
    "transcript_textgrid": Target(".TextGrid", read_transcript, lambda: [seeds.TEXTGRID]),
    "transcript_txt": Target(".txt", read_transcript, lambda: [seeds.TXT]),
    "batch_table": Target(".csv", read_batch, lambda: [seeds.BATCH]),
    "batch_preset": Target(".txt", _read_preset, lambda: [seeds.PRESET]),
    "request": Target(".diface", request_file.read, seeds.requests),
    "protocol": Target(".bin", _read_messages, seeds.messages),
    "style": Target(".safetensors", _read_style, seeds.styles),
    "denoiser": Target(".safetensors", read_denoiser_file, seeds.denoisers),
    "flame": Target(".pkl", flame_model.load_flame, seeds.flame_pickles),
    "flame_npz": Target(".npz", flame_model.load_flame, seeds.flame_archives, is_archive=True),
    "flame_masks": Target(".pkl", masks.load_masks, seeds.masks),
    "flame_identities": Target(".pkl", identities.load_identities, seeds.identities),
    "mesh_obj": Target(".obj", mesh_files.read_mesh, lambda: [seeds.OBJ]),
    "threediface_checkpoint": Target(".pt", _read_checkpoint, seeds.checkpoints, is_archive=True),
    "threediface_options": Target(".yml", _read_options, lambda: [seeds.head_arguments().encode()]),
    "threediface_config": Target(".yaml", read_config, seeds.configs),
    "threediface_result": Target(".npy", read_result, seeds.results),
}
"""Name -> reader. A new reader is one entry here."""
