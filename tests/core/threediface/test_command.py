"""3DiFACE's command line with the original's config: generation, editing, and errors.

The models are the small case_a of the shared data, written as published folders.
"""

import functools
import importlib.util
import os
import pickle
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from diface_core import DifaceError
from diface_core.__main__ import main
from diface_core.threediface.cli import graphs, loaded_models, video_renderer
from diface_core.threediface.cli.config import EvaluationConfig, ExperimentKeys
from diface_core.threediface.cli.config_file import read_config
from diface_core.threediface.cli.evaluation import find_audio_files
from diface_core.threediface.cli.results import ThreeDifaceResult, read_result, write_result
from diface_core.threediface.cli.source_frames import REGENERATED, map_source_frames, regenerated_ranges
from diface_core.threediface.cli.user_files import UserFiles

pytestmark = pytest.mark.slow

SUBJECT = "FaceTalk_170904_00128_TA"
ROWS = 40

CONFIG = """
head_motion_model:
  model_path: models/head ### synthesis
  # model_path: models/other
  model_ckpt: "model000000001"

face_motion_model:
  #### for one subject
  model_path:  models/face
  model_ckpt: "best"
  identity_for_testing: "FaceTalk_170904_00128_TA"
  condition_for_tesing: "FaceTalk_170904_00128_TA"
  use_voca_template_for_vis: True
  condition_index: 1
  guidance_scale: 0.5
  guidance_sampling: True

synthensis_mode: "generate" # generate or editing
exp_cfg:
  method: "both"
  # edit_part: ["face", "head"]
  edit_part: ["head"]
  num_frames_per_sample: 576
  num_of_samples: 1
  experiment_name: "first"
  dump_steps: []
  dataroot_path: "voca"
  render: False
  use_time_stamp: False
  graph_vis: False
  edit_file: "given.npy"
  edit_mode: "in_between" # or in_between, keyframe, keyframe_swap
  key_frames_dict: # from -> to
    - 3, 3
    - 20, 31
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, shared: Path) -> Path:
    """A folder with models, a config, templates.pkl, audio of 40 frames and a result to edit."""
    folder = tmp_path_factory.mktemp("evaluation")
    write = runpy.run_path(str(shared.parent / "tools" / "upstream_case.py"))["main"]
    write(shared / "upstream" / "case_a", folder / "models")
    (folder / "comp_syn.yaml").write_text(CONFIG)
    rng = np.random.default_rng(0)
    templates = {SUBJECT: rng.normal(0, 0.05, (5023, 3))}
    (folder / "templates.pkl").write_bytes(pickle.dumps(templates, protocol=2))
    soundfile.write(folder / "speech.wav", 0.3 * rng.standard_normal(round(ROWS / 30 * 16000)), 16000)
    vertices = templates[SUBJECT] + rng.normal(0, 0.002, (ROWS, 5023, 3))
    write_result(
        folder / "given.npy", ThreeDifaceResult(vertices.astype(np.float32), rng.normal(0, 0.1, (ROWS, 3)).astype("f4"))
    )
    return folder


@pytest.fixture(autouse=True, scope="module")
def _load_once():
    """Load every model once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("load_face", "load_head"):
            patch.setattr(loaded_models, name, functools.cache(getattr(loaded_models, name)))
        yield


@pytest.fixture
def run(folder: Path, monkeypatch, tmp_path: Path):
    """A function that runs the command in the folder of the models, with results in tmp_path / out."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("VOCASET_PATH", str(folder))
    for name in ("WAV2VEC_PATH", "FLAME_PATH", "DIFACE_BLENDER"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: object, sound: object = "speech.wav", config: object = "comp_syn.yaml") -> int:
        fixed = ["--config", config, "--audio_file", sound, "--output", tmp_path / "out", "--device", "cpu"]
        return main(["threediface", *map(str, fixed), *map(str, words)])

    run.results = tmp_path / "out" / "first" / "npy"
    return run


def result(run, name: str = "speech_ss00") -> ThreeDifaceResult:
    return read_result(run.results / f"{name}.npy")


def edited(run, *words: object) -> tuple[ThreeDifaceResult, ThreeDifaceResult]:
    """Run an edit and return the edited motion and the result."""
    assert run("--synthensis_mode", "edit", "--seed", 7, *words) == 0
    return read_result(Path("given.npy")), result(run)


def test_original_config_generates_face_and_head(run, capsys):
    assert run() == 0
    generated = result(run)
    assert generated.vertices.shape == (ROWS, 5023, 3)
    assert generated.pose.shape == (ROWS, 3)
    assert generated.vertices.dtype == generated.pose.dtype == np.float32
    assert str(run.results / "speech_ss00.npy") in capsys.readouterr().out
    # As the original loads it.
    result_file = np.load(run.results / "speech_ss00.npy", allow_pickle=True).item()
    assert set(result_file) == {"vertice", "pose"}
    with Path("templates.pkl").open("rb") as file:
        template = pickle.load(file)[SUBJECT]
    assert 0 < np.abs(generated.vertices - template).max() < 1


def test_default_output_is_the_model_folder(run, folder):
    assert main(["threediface", "--config", "comp_syn.yaml", "--audio_file", "speech.wav", "--method", "face"]) == 0
    assert read_result(folder / "models" / "face" / "first" / "npy" / "speech_ss00.npy").pose is None
    assert main(["threediface", "--config", "comp_syn.yaml", "--audio_file", "speech.wav", "--method", "head",
                 "--use_time_stamp"]) == 0  # fmt: skip
    (stamped,) = (folder / "models" / "head").glob("first_2*")
    assert read_result(stamped / "npy" / "speech_ss00.npy").vertices is None


def test_samples_have_consecutive_seeds(run):
    assert run("--num_of_samples", 2, "--seed", 4) == 0
    first, second = result(run), result(run, "speech_ss01")
    assert not np.array_equal(first.pose, second.pose)
    assert run("--seed", 5) == 0
    np.testing.assert_array_equal(result(run).pose, second.pose)
    np.testing.assert_array_equal(result(run).vertices, second.vertices)


@pytest.mark.parametrize(
    "words",
    [["--guidance_scale", 3], ["--guidance_sampling", "false"], ["--condition_index", 5]],
    ids=lambda words: words[0],
)
def test_face_options_change_the_result(run, words):
    assert run("--method", "face") == 0
    before = result(run).vertices
    assert run("--method", "face", *words) == 0
    assert np.abs(result(run).vertices - before).max() > 1e-6


def test_few_steps_give_a_similar_result(run):
    assert run("--method", "head") == 0
    before = result(run).pose
    assert run("--method", "head", "--steps", 3) == 0
    assert 0 < np.abs(result(run).pose - before).max() < 0.1


def test_guidance_off_equals_scale_one(run):
    assert run("--method", "face", "--guidance_sampling", "false") == 0
    before = result(run).vertices
    assert run("--method", "face", "--guidance_scale", 1) == 0
    np.testing.assert_array_equal(result(run).vertices, before)


def test_training_subject_selects_its_style(run, tmp_path):
    (tmp_path / "named.yaml").write_text(CONFIG.replace("  condition_index: 1\n", ""))
    assert run("--method", "face", config=tmp_path / "named.yaml") == 0
    before = result(run).vertices
    assert run("--method", "face") == 0  # condition_index 1 is that subject's index
    np.testing.assert_array_equal(result(run).vertices, before)


def test_num_frames_per_sample(run):
    assert run("--num_frames_per_sample", 17, "--method", "head") == 0
    assert len(result(run)) == 17
    assert run("--num_frames_per_sample", "all", "--method", "head") == 0
    assert len(result(run)) == ROWS


def test_dump_of_the_last_step_is_the_result(run):
    assert run("--dump_steps", 0, 6) == 0
    assert np.abs(result(run, "speech_ss00_step0006").pose - result(run).pose).max() > 0
    np.testing.assert_allclose(result(run, "speech_ss00_step0000").vertices, result(run).vertices, atol=1e-6)
    np.testing.assert_allclose(result(run, "speech_ss00_step0000").pose, result(run).pose, atol=1e-6)


def test_in_between_keeps_all_other_frames(run):
    original, generated = edited(run, "--edit_part", "face", "head", "--in_between", "9, 14", "20, 99")
    kept = np.r_[0:9, 14:20]
    for part in ("face", "head"):
        np.testing.assert_array_equal(generated.part(part)[kept], original.part(part)[kept])
        assert (generated.part(part)[9:14] != original.part(part)[9:14]).mean() > 0.9
        assert (generated.part(part)[20:] != original.part(part)[20:]).mean() > 0.9


def test_parts_that_are_not_edited_are_kept(run):
    original, generated = edited(run, "--in_between", "9, 14")
    np.testing.assert_array_equal(generated.vertices, original.vertices)
    original, generated = edited(run, "--in_between", "9, 14", "--edit_part", "face")
    np.testing.assert_array_equal(generated.pose, original.pose)


def test_keyframes_are_kept(run):
    original, generated = edited(run, "--edit_mode", "keyframe", "--key_frames", "0", "11", "39")
    np.testing.assert_array_equal(generated.pose[[0, 11, 39]], original.pose[[0, 11, 39]])
    assert (generated.pose[1:11] != original.pose[1:11]).all()


def test_keyframe_swap_moves_frames(run):
    original, generated = edited(run, "--edit_mode", "keyframe_swap", "--edit_part", "face", "head")
    for part in ("face", "head"):
        np.testing.assert_array_equal(generated.part(part)[[3, 31]], original.part(part)[[3, 20]])
    assert (generated.pose[20] != original.pose[20]).all()


def test_edited_result_is_never_overwritten(run, tmp_path):
    assert run("--method", "head") == 0
    before = (run.results / "speech_ss00.npy").read_bytes()
    words = ["--synthensis_mode", "edit", "--in_between", "9,14", "--edit_file", run.results, "--method", "head"]
    assert run(*words) == 0
    assert (run.results / "speech_ss00.npy").read_bytes() == before
    assert len(result(run, "speech_ss00_edit")) == ROWS


def test_longer_audio_is_generated_after_the_edited_frames(run, tmp_path):
    write_result(tmp_path / "short.npy", ThreeDifaceResult(None, np.zeros((25, 3), np.float32)))
    words = ["--edit_file", tmp_path / "short.npy", "--in_between", "5, 8", "--method", "head"]
    assert run("--synthensis_mode", "edit", *words) == 0
    generated = result(run).pose
    assert len(generated) == ROWS
    assert not generated[8:25].any()
    assert generated[25:].all()


def test_bad_audio_file_does_not_stop_the_others(run, tmp_path, capsys):
    for name in ("a.wav", "c.wav"):
        (tmp_path / name).write_bytes(Path("speech.wav").read_bytes())
    (tmp_path / "b.wav").write_bytes(b"no sound")
    assert run("--method", "head", sound=tmp_path) == 1
    assert sorted(path.name for path in run.results.iterdir()) == ["a_ss00.npy", "c_ss00.npy"]
    assert "b.wav: b.wav is not a supported audio file" in capsys.readouterr().err.splitlines()[-2]


def test_find_audio_files_of_the_dataroot(tmp_path):
    (tmp_path / "wav").mkdir()
    (tmp_path / "wav" / "one.wav").touch()
    assert find_audio_files(None, "voca", tmp_path) == (tmp_path / "wav" / "one.wav",)
    assert find_audio_files(None, str(tmp_path / "wav"), None) == (tmp_path / "wav" / "one.wav",)


def test_unknown_keys_are_warned_about(run, tmp_path, capfd):
    (tmp_path / "odd.yaml").write_text(CONFIG.replace("num_of_samples", "num_of_sample") + "\nmore: 1\n")
    _, warnings = read_config(tmp_path / "odd.yaml")
    assert warnings == (
        "odd.yaml: exp_cfg.num_of_sample is unknown and ignored. Did you mean num_of_samples?",
        "odd.yaml: more is unknown and ignored.",
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--num_of_samples", "x"], "--num_of_samples must be a whole number from 1 to 1000. Got 'x'."),
        (["--method", "hand"], "--method must be both or face or head. Got 'hand'."),
        (["--render", "maybe"], "--render must be true or false. Got 'maybe'."),
        (["--in_between", "9,4", "--synthensis_mode", "edit"], "exp_cfg.in_between must name ranges"),
        (["--in_between", "90,95", "--synthensis_mode", "edit"], "frames 0 to 39 of this motion. Got 90"),
        (["--key_frames", "40", "--synthensis_mode", "edit", "--edit_mode", "keyframe"], "Got 40"),
        (["--key_frames_dict", "1,2", "3,2", "--synthensis_mode", "edit", "--edit_mode", "keyframe_swap"],
         "each target frame once"),
        (["--method", "face", "--synthensis_mode", "edit"], "nothing to edit: method is face, edit_part head"),
        (["--edit_file", "none.npy", "--synthensis_mode", "edit"], "none.npy does not exist"),
        (["--model_path", "none"], "head_motion_model.model_path must be the folder of a 3DiFACE model"),
        (["--model_path", "models/face"], "is a face model, expected a head model"),
        (["--face_model_ckpt", "model7"], "no model7.pt"),
        (["--condition_index", "9"], "styles 0 to 7"),
        (["--identity_for_testing", "Nobody"], "The templates have no speaker 'Nobody'"),
        (["--vocaset", "none"], "templates"),
        (["--listener_model_path", "none"], "listener_model.model_path"),
        (["--device", "toaster"], "--device must be a device that torch supports here"),
        (["--render"], "render needs a FLAME file"),
    ],
)  # fmt: skip
def test_errors_have_a_message_and_a_hint(run, capsys, words, message):
    assert run(*words) == 2
    *_, messages, hint = capsys.readouterr().err.splitlines()
    assert message in messages
    assert hint.endswith((".", "?"))
    assert not run.results.exists()


def test_missing_speech_encoder_names_the_flag(run, folder, tmp_path, capsys):
    shutil.copytree(folder / "models" / "face", tmp_path / "no_encoder")
    path = tmp_path / "no_encoder" / "checkpoints" / "model000000001.pt"
    state = {name: value for name, value in torch.load(path).items() if not name.startswith("audio_encoder.")}
    torch.save(state, path)
    for words in (["--face_model_path", tmp_path / "no_encoder"], ["--listener_model_path", tmp_path / "no_encoder"]):
        assert run(*words) == 2
        *_, messages, hint = capsys.readouterr().err.splitlines()
        assert "no_encoder has no speech encoder" in messages
        assert "--wav2vec2" in hint


@pytest.mark.parametrize("text", ["a: [", "- 1", "exp_cfg: 3", "exp_cfg:\n  num_of_samples: true"])
def test_malformed_configs_are_refused(tmp_path, text):
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(DifaceError, match=r"bad\.yaml"):
        read_config(tmp_path / "bad.yaml")


def test_empty_sections_and_values_are_defaults(tmp_path):
    for nothing in ("", "null", "None", '""', "' '"):
        text = "exp_cfg:\nhead_motion_model:\n  model_path: {0}\nface_motion_model:\n  condition_index: {0}\n"
        (tmp_path / "empty.yaml").write_text(text.format(nothing))
        assert read_config(tmp_path / "empty.yaml") == (EvaluationConfig(), ())


class Harmful:
    def __reduce__(self):
        return os.mkdir, ("harm",)


@pytest.mark.parametrize(
    "content",
    [
        {"vertice": Harmful()}, {"other": np.zeros(3)}, np.zeros((4, 3)), {"pose": np.zeros((4, 4))},
        {"vertice": np.zeros((3, 10)), "pose": np.zeros((3, 3))}, {"pose": np.full((4, 3), np.nan)},
        {"pose": np.zeros((5, 3)), "vertice": np.zeros((4, 15069))},
    ],
)  # fmt: skip
def test_malformed_edit_files_are_refused(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    np.save(tmp_path / "bad.npy", content, allow_pickle=True)
    with pytest.raises(DifaceError, match=r"bad\.npy"):
        read_result(tmp_path / "bad.npy")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("shape", [(4, 5023, 3), (1, 4, 15069), (4, 15069)])
def test_read_result_accepts_every_published_shape(tmp_path, shape):
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    np.save(tmp_path / "theirs.npy", {"vertice": values}, allow_pickle=True)
    np.testing.assert_array_equal(read_result(tmp_path / "theirs.npy").vertices, values.reshape(4, 5023, 3))


def test_default_ranges_and_keyframes_of_the_original():
    source = map_source_frames(ExperimentKeys(), 300, 310)
    assert regenerated_ranges(source) == [(90, 250), (300, 310)]
    assert (source[source != REGENERATED] == np.flatnonzero(source != REGENERATED)).all()
    source = map_source_frames(ExperimentKeys(edit_mode="keyframe"), 300, 310)
    assert np.flatnonzero(source != REGENERATED).tolist() == [0, 60, 120, 180, 240]


def test_invalid_flags_are_reported_before_torch_is_imported(root, tmp_path):
    (tmp_path / "torch.py").write_text("raise SystemExit('torch was imported')")
    paths = os.pathsep.join([str(tmp_path), str(root)])
    command = [sys.executable, "-m", "diface_core", "threediface", "--audio_file", "a.wav", "--num_of_samples", "0"]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 2
    assert done.stderr.startswith("--num_of_samples must be")


def test_draw_graph_writes_a_png(tmp_path):
    sources = {"head": np.array([0, REGENERATED, REGENERATED, 1])}
    original, generated = (
        ThreeDifaceResult(None, np.random.default_rng(seed).normal(size=(4, 3)).astype("f4")) for seed in (0, 1)
    )
    if importlib.util.find_spec("matplotlib") is None:
        with pytest.raises(DifaceError, match="graph_vis needs matplotlib"):
            graphs.check_matplotlib()
        return
    graphs.draw_graph(tmp_path / "a.png", "a", generated, original, sources)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def flame_and_takes(shared: Path) -> tuple[Path, dict[str, np.ndarray]]:
    """FLAME's file, and two frames of its template."""
    path = shared / "flame2023open.npz"
    return path, {"before": np.repeat(np.load(path)["v_template"][None], 2, 0).astype(np.float32)}


@pytest.mark.parametrize("at_exit", ["", "; sys.exit(-11)", "; sys.stdout.flush(); time.sleep(600)"])
def test_render_video_runs_the_given_blender(tmp_path, flame_and_takes, monkeypatch, at_exit):
    """A substitute for Blender reads the job as the script does, and writes a file. It may crash or hang at exit."""
    monkeypatch.setattr(video_renderer, "EXIT_SECONDS", 0.2)
    flame, takes = flame_and_takes
    blender = tmp_path / "python-with-bpy"
    blender.write_text(
        f"#!{sys.executable}\n"
        "import json, pathlib, sys, time\n"
        "job, out = map(pathlib.Path, sys.argv[-2:])\n"
        "job_ = json.loads(job.read_text())\n"
        "assert job_['captions'] == ['before'] and job_['frames'] == 2, job_\n"
        "assert (job.parent / '0.pc2').stat().st_size == 32 + 2 * 5023 * 12\n"
        f"print('rendered 2'); out.write_bytes(b'film'); print('finished'){at_exit}\n"
    )
    blender.chmod(0o755)
    messages = []
    renderer = video_renderer.FaceVideoRenderer.find(UserFiles(flame=flame, blender=blender))
    renderer.render_video(
        tmp_path / "a.mp4", takes, np.zeros(1600, np.float32), lambda stage, done: messages.append(done)
    )
    assert (tmp_path / "a.mp4").read_bytes() == b"film"
    assert messages == [1.0]


def test_render_video_leaves_nothing_if_blender_fails(tmp_path, flame_and_takes):
    flame, takes = flame_and_takes
    blender = tmp_path / "python-that-fails"
    blender.write_text(f"#!{sys.executable}\nprint('out of memory'); raise SystemExit(3)\n")
    blender.chmod(0o755)
    renderer = video_renderer.FaceVideoRenderer.find(UserFiles(flame=flame, blender=blender))
    with pytest.raises(DifaceError, match=r"exit status 3.*out of memory"):
        renderer.render_video(tmp_path / "films" / "a.mp4", takes, np.zeros(1600, np.float32), lambda stage, done: None)
    assert not (tmp_path / "films").exists()
    with pytest.raises(DifaceError, match="none is no program"):
        video_renderer.FaceVideoRenderer.find(UserFiles(flame=flame, blender=tmp_path / "none"))
