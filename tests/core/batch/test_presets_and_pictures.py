"""Outputs under the names of a rig, and the pictures of the report."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest

from diface_core import Motion, channels
from diface_core.batch import thumbnails
from diface_core.batch.lines import BadLine, Line, read_batch
from diface_core.batch.run import run_batch
from diface_core.faces.poses.vocabularies import VOCABULARIES, direct_channels, in_vocabulary
from diface_core.motion.files import read_npz
from diface_core.types import MODEL_RATE
from tests.core.batch.tables import TOY, sounds, table

ROWS = 60


def motion(**values: float) -> Motion:
    """Return a motion whose channels rise to these values and fall again."""
    rise = np.sin(np.linspace(0, np.pi, ROWS)).astype(np.float32)
    columns = [values.get(name, 0.0) * rise for name in channels.ALL]
    return Motion(np.stack(columns, axis=1), channels.ALL, MODEL_RATE)


@pytest.mark.parametrize("name", VOCABULARIES)
def test_speech_moves_the_shapes_of_a_vocabulary(name):
    shown = in_vocabulary(
        motion(jawOpen=0.6, mouthLowerDownLeft=0.3, mouthLowerDownRight=0.3, head_ry=0.2), VOCABULARIES[name]
    )
    assert shown.channels == (*VOCABULARIES[name], *channels.HEAD)
    weights = shown.values[:, : len(VOCABULARIES[name])]
    assert weights.min() >= 0
    assert weights.max() <= 1
    assert weights[ROWS // 2].max() > 0.2
    assert np.abs(weights[0]).max() < 0.05
    assert shown.column("head_ry").max() == pytest.approx(0.2, abs=1e-3)


def test_names_of_channels_get_their_values():
    names = ("Jaw_Open", "Mouth-Smile-L", "eye blink right", "hat")
    assert direct_channels(names) == {
        "Jaw_Open": "jawOpen", "Mouth-Smile-L": "mouthSmileLeft", "eye blink right": "eyeBlinkRight",
    }  # fmt: skip
    made = motion(jawOpen=0.5, mouthSmileLeft=0.8, eyeBlinkRight=1.0)
    shown = in_vocabulary(made, names)
    np.testing.assert_array_equal(shown.column("Mouth-Smile-L"), made.column("mouthSmileLeft"))
    np.testing.assert_array_equal(shown.column("hat"), 0)
    with pytest.raises(ValueError, match="known"):
        in_vocabulary(made, ("hat", "coat"))


def test_presets_of_a_table(tmp_path):
    sounds(tmp_path, ["a"])
    (tmp_path / "rig.txt").write_text("\ufeffHead_jawOpen_\nAI\n\njawOpen\n", "utf-8")
    (tmp_path / "no.txt").write_text("hat\ncoat\n")
    cells = ["", "ARKit", "VRM1", "preston-blair", "rig.txt", "no.txt", "unknown", "missing.txt"]
    rows = [["a.wav", number, cell, "csv npz"] for number, cell in enumerate(cells)]
    batch = read_batch(table(tmp_path / "t.csv", ["sound", "name", "preset", "outputs"], rows))
    good = [line for line in batch.lines if isinstance(line, Line)]
    assert [len(line.names) for line in good] == [0, 0, len(VOCABULARIES["vrm1"]), 10, 3]
    bad = [line for line in batch.lines if isinstance(line, BadLine)]
    for line, reason in zip(bad, ("No name in no.txt", "no preset 'unknown'", "missing.txt"), strict=True):
        assert reason in line.reason
    out = tmp_path / "out"
    run_batch(batch.lines, out, engine=TOY)
    shown = read_npz(out / "3.npz")
    assert shown.channels == (*VOCABULARIES["preston_blair"], *channels.HEAD)
    header, first, *_ = (out / "3.csv").read_text("utf-8").splitlines()
    assert header.split(",") == ["Seconds", *shown.channels]
    assert [float(cell) for cell in first.split(",")[1:]] == pytest.approx(shown.values[0].tolist(), abs=1e-6)


def test_another_preset_makes_a_line_again(tmp_path):
    sounds(tmp_path, ["a"])
    for preset, status in (("vrm1", "made"), ("vrm1", "kept"), ("vrm0", "made")):
        path = table(tmp_path / "t.csv", ["sound", "preset"], [["a.wav", preset]])
        summary = run_batch(read_batch(path).lines, tmp_path / "out", engine=TOY)
        assert summary.counts == {status: 1}


def test_pictures_show_the_mouth():
    still, wide = (
        thumbnails.draw(motion(jawOpen=value).values[ROWS // 2][: len(channels.FACE)]) for value in (0.0, 1.0)
    )
    assert still.shape == (thumbnails.SIZE, thumbnails.SIZE, 3)
    changed = np.abs(still.astype(int) - wide).sum(axis=2) > 60
    half = thumbnails.SIZE // 2
    assert changed[half:].mean() > 0.05
    assert changed[: half - 10].mean() < 0.01
    columns = slice(half - 20, half + 20)  # no hole shows the background through the face
    assert not (still[20:-20, columns] == thumbnails.BACKGROUND).all(axis=2).any()


def test_the_rows_of_a_picture():
    made = motion(jawOpen=0.9).values[:, : len(channels.FACE)].copy()
    made[40:43] = 0.0
    rest, closure, widest = thumbnails.shown_rows(made, 30.0)
    assert made[rest].sum() == pytest.approx(0.0, abs=1e-5)
    assert closure in (40, 41, 42)
    assert abs(widest - ROWS // 2) <= 1


def test_the_report_has_a_picture_of_each_line(tmp_path):
    image = pytest.importorskip("PIL.Image")
    sounds(tmp_path, ["a", "b"])
    path = table(tmp_path / "t.csv", ["sound", "head"], [["a.wav", ""], ["b.wav", "no"]])
    out = tmp_path / "out"
    run_batch(read_batch(path, has_pictures=True).lines, out, engine=TOY)
    rows = json.loads((out / "report.json").read_text("utf-8"))["lines"]
    page = (out / "report.html").read_text("utf-8")
    for row in rows:
        assert f'src="{row["picture"]}"' in page
        with image.open(io.BytesIO(Path(out / row["picture"]).read_bytes())) as picture:
            picture.load()
            assert picture.size == (3 * thumbnails.SIZE, thumbnails.SIZE)
    assert thumbnails.picture_of(Motion(np.zeros((3, 3), np.float32), channels.HEAD, MODEL_RATE)) is None
