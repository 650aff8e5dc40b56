"""Small valid files of every kind that DiFACE reads."""

from __future__ import annotations

import io
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.sparse
import soundfile
import torch
import yaml
from safetensors import safe_open
from safetensors.numpy import save_file

from diface_core import AudioSection, FrameRate, GenerateRequest, GenerateResult, Motion, Progress, channels, protocol
from diface_core.errors import AudioError
from diface_core.faces.flame.recognition import VERTEX_COUNT
from diface_core.model import style_file
from diface_core.model.models import WEIGHTS
from diface_core.motion.files import write_motion
from diface_core.request_file import StoredRequest, pack
from diface_core.types import Constraints, Pins, Shapes
from diface_core.words import Alignment, AlignRequest, Cue, Phone, Word
from tests.core.faces.flame import flame_files
from tests.core.recordings import recorded_files
from tests.core.threediface import small_checkpoints

FINGERPRINT = "0" * 64
REFERENCE = Path(__file__).resolve().parents[4] / "shared" / "data"
FACES = 9976
"""Triangles of a FLAME mesh."""

SRT = b"1\n00:00:00,100 --> 00:00:01,500\nHello there.\n\n2\n00:00:02,000 --> 00:00:03,000\n<i>Again</i>\n"
VTT = b"WEBVTT\n\nNOTE a note\n\n1\n00:00.100 --> 00:01.500 line:0\nHello <b>there</b>.\n"
TXT = "Hello there, 21 times.\nD'accord \u2014 \u3053\u3093\u306b\u3061\u306f.\n".encode()
TEXTGRID = b"""File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 2.0
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 2.0
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = "hello"
        intervals [2]:
            xmin = 0.5
            xmax = 2.0
            text = "there"
"""
PRESET = "viseme_PP\nviseme_aa\njawOpen\nブレス\n".encode()
BATCH = b"sound,name,transcript,style,seed,steps,outputs,note\na.wav,one,a.txt,,1,8,npz;csv,x\nb.wav,two,,,2,8,npz,y\n"
OBJ = b"# mesh\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 1 1 0.5\nf 1 2 3\nf 2/1 4/2 3/3\nf -1 -2 -3 -4\n"


def sounds(kind: str) -> list[bytes]:
    """Return short sounds of a format of libsndfile, of one and two channels."""
    noise = 0.3 * np.random.default_rng(1).normal(size=(4000, 2)).clip(-1, 1)
    found = []
    for samples, rate in ((noise[:, 0], 16000), (noise, 22050)):
        stream = io.BytesIO()
        soundfile.write(stream, samples, rate, format=kind)
        found.append(stream.getvalue())
    return found


def recording_tables() -> list[bytes]:
    """Return tables of Live Link Face and of MediaPipe's tools."""
    face = recorded_files.face(6)
    codes = recorded_files.timecodes(np.arange(6) / 60, 60)
    return [
        _written(lambda path: recorded_files.live_link(path, face, codes)),
        _written(lambda path: recorded_files.mediapipe(path, face, np.arange(6) * 33.3)),
    ]


def recording_json() -> list[bytes]:
    """Return an export of Audio2Face."""
    return [_written(lambda path: recorded_files.audio2face(path, recorded_files.face(4)))]


def motions_npz() -> list[bytes]:
    """Return a motion as DiFACE writes it."""
    return [_written(lambda path: write_motion(path, _motion()), ".npz")]


def motions_csv() -> list[bytes]:
    """Return a motion in the columns of Live Link Face."""
    return [_written(lambda path: write_motion(path, _motion()), ".csv")]


def requests() -> list[bytes]:
    """Return request files, one with constraints."""
    return [pack(StoredRequest(_request(), "ab12")), pack(StoredRequest(_request(_constraints())))]


def messages() -> list[bytes]:
    """Return streams of messages of several kinds."""
    align = AlignRequest(AudioSection(Path("a.wav"), 0.5, 2.0), (Cue("hello"), Cue("there", 0.5, 1.0)))
    word = Word("hello", 0.1, 0.5, (Phone("HH", 0.1, 0.2),), 1.0, -3.0)
    shapes = Shapes(("jawOpen",), np.zeros((1, 3, 3), np.float32), 0.1)
    stream = [
        protocol.generate_request_message(_request(_constraints()), 1),
        protocol.progress_message(Progress(0.5, "Sampling"), 1),
        protocol.generate_result_message(GenerateResult(_motion(), "ab12", {"sample": 0.1}), 1),
        protocol.align_request_message(align, 2),
        protocol.alignment_message(Alignment((word,), ("a note",)), 2),
        protocol.shapes_result_message(shapes, 3),
        protocol.error_message(AudioError("It is silent.", "Choose another."), 4, "details"),
    ]
    return [b"".join(map(protocol.pack, stream)), *map(protocol.pack, stream)]


def styles() -> list[bytes]:
    """Return a style file."""
    style = style_file.StyleFile("anna", FINGERPRINT, *(np.zeros(size, np.float32) for size in (8, (3, 4), 3)))
    return [_written(lambda path: style_file.save(style, path), ".safetensors")]


def denoisers() -> list[bytes]:
    """Return a small model file with the configuration of the bundled head's, so that mutations reach it."""
    with safe_open(WEIGHTS / "head.safetensors", "np") as file:
        notes = file.metadata()
    return [_written(lambda path: save_file({"network.a.weight": np.ones((2, 3), np.float16)}, path, notes))]


def flame_pickles() -> list[bytes]:
    """Return a FLAME file as Python 2 and 3 write it."""
    return [flame_files.python_2(_flame()), pickle.dumps(_flame(), protocol=5)]


def flame_archives() -> list[bytes]:
    """Return the same as an .npz."""
    return [_npz({**_flame(), "J_regressor": _flame()["J_regressor"].toarray()})]


def masks() -> list[bytes]:
    """Return regions of FLAME's vertices."""
    return [pickle.dumps({"face": np.arange(20), "lips": np.arange(5)}, protocol=2)]


def identities() -> list[bytes]:
    """Return heads on FLAME's topology."""
    return [pickle.dumps({"anna": np.zeros((VERTEX_COUNT, 3), np.float32)}, protocol=2)]


def head_arguments() -> str:
    """Return the options of a small 3DiFACE head."""
    return yaml.safe_dump(small_checkpoints.head_arguments())


def checkpoints() -> list[bytes]:
    """Return the weights of that head."""
    stream = io.BytesIO()
    torch.save(small_checkpoints.random_state(small_checkpoints.head_arguments()), stream)
    return [stream.getvalue()]


def configs() -> list[bytes]:
    """Return a configuration of 3DiFACE's command line."""
    config = {"num_samples": 2, "head_motion_model": {"path": "models/head", "ckpt": "latest"}, "audio": "a.wav"}
    return [yaml.safe_dump(config).encode()]


def results() -> list[bytes]:
    """Return a result of 3DiFACE's command line: a pickled dictionary of arrays."""
    stream = io.BytesIO()
    content = {"vertice": np.zeros((2, VERTEX_COUNT, 3), np.float32), "pose": np.zeros((2, 3), np.float32)}
    np.save(stream, np.array(content, dtype=object), allow_pickle=True)
    return [stream.getvalue()]


def _written(write: Callable[[Path], object], suffix: str = "") -> bytes:
    """Return what a function writes to a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"seed{suffix}")
        write(path)
        return path.read_bytes()


def _npz(arrays: dict) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    return stream.getvalue()


def _motion() -> Motion:
    values = np.random.default_rng(1).uniform(0, 1, (5, len(channels.ALL))).astype(np.float32)
    return Motion(values, channels.ALL, FrameRate(30))


def _request(constraints: Constraints | None = None) -> GenerateRequest:
    return GenerateRequest(AudioSection(Path("a.wav"), 0.5, 2.0), seed=3, constraints=constraints)


def _constraints() -> Constraints:
    size = (5, len(channels.ALL))
    pins = Pins(np.arange(2) / 2, np.zeros(2, np.int32), np.ones(2, np.float32))
    return Constraints(np.zeros(size, np.float32), np.ones(size, np.bool_), pins=pins)


def _flame() -> dict:
    """Return FLAME's arrays with small bases, of the reference data, else random ones, which are refused last."""
    if REFERENCE.is_dir():
        return flame_files.published(REFERENCE, shapes=2, expressions=2)
    draw = np.random.default_rng(2)
    weights = draw.uniform(size=(VERTEX_COUNT, 5))
    joints = scipy.sparse.random(5, VERTEX_COUNT, 0.01, "csc", random_state=3)
    return {
        "v_template": draw.uniform(-0.1, 0.1, (VERTEX_COUNT, 3)),
        "f": draw.integers(0, VERTEX_COUNT, (FACES, 3), np.uint32),
        "shapedirs": draw.normal(0, 1e-3, (VERTEX_COUNT, 3, 4)),
        "posedirs": draw.normal(0, 1e-3, (VERTEX_COUNT, 3, 36)),
        "J_regressor": joints / joints.sum(),
        "weights": weights / weights.sum(1, keepdims=True),
        "kintree_table": np.array([[flame_files.PUBLISHED_ROOT, 0, 1, 1, 1], [0, 1, 2, 3, 4]], np.uint32),
    }
