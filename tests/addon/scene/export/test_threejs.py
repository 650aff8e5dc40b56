"""The guide's page for three.js, in Chromium: a generated line with its sound; lips that close on m, b and p."""

from __future__ import annotations

import functools
import http.server
import itertools
import os
import re
import shutil
import threading
import wave
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

from diface_addon import compat
from diface_addon.core import head_file
from tests.addon.characters.judging import performing
from tests.addon.scene.export.exports import vertices
from tests.addon.scene.export.receivers import programs
from tests.conftest import ROOT
from tests.core.build_tools.rating.webdriver import Browser, missing_programs

pytestmark = [
    pytest.mark.usefixtures("real_worker"),
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing_programs()), reason=missing_programs() or "-"),
    pytest.mark.skipif(not compat.HAS_AUDIO, reason="This bpy module is built without sound, which the page plays."),
]

PHONES = ROOT / "tests" / "data" / "speech.json"
SECONDS = 4.0
SHUT_MM, OPEN_MM = 0.3, 4.0
TOLERANCE_MM = 0.1
WEBGL = ("--enable-unsafe-swiftshader", "--use-angle=swiftshader")

VERTICES = """
const meshes = [];
character.traverse(object => object.isMesh && meshes.push(object));
mixer.setTime(arguments_[0]);
character.updateMatrixWorld(true);
const point = new THREE.Vector3(), found = [];
for (const mesh of meshes) {
  mesh.skeleton.update();
  for (let index = 0; index < mesh.geometry.attributes.position.count; index++) {
    mesh.getVertexPosition(index, point).applyMatrix4(mesh.matrixWorld);
    found.push(Math.round(point.x * 1e7), Math.round(point.y * 1e7), Math.round(point.z * 1e7));
  }
}
return found;
"""
"""Vertices of the page's character at a time, in tenths of a micrometre, Y up."""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def line(addon, speech, tmp_path_factory) -> tuple[Path, np.ndarray]:
    """Return a folder with the guide's page, a generated line and its sound, and the line's vertices (T, V, 3)."""
    modules = programs.node_modules()
    folder = tmp_path_factory.mktemp("page")
    sound = performing.cut_speech(speech, tmp_path_factory.mktemp("speech"), SECONDS)
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    last = round(SECONDS * performing.FPS)
    performing.prepare(last)
    bpy.ops.diface.add_head()
    head = bpy.context.object
    performing.perform(head, sound)
    assert bpy.ops.diface.export_gltf(filepath=str(folder / "line.glb"), sound=True) == {"FINISHED"}
    (page,) = re.findall(r"```html\n(.*?)```", (ROOT / "docs/guide/export.md").read_text("utf-8"), re.DOTALL)
    (folder / "page.html").write_text(page, "utf-8")
    shutil.copytree(modules / "three" / "build", folder / "three" / "build")
    shutil.copytree(modules / "three" / "examples" / "jsm", folder / "three" / "examples" / "jsm")
    return folder, np.stack([vertices(head, frame) for frame in range(1, last + 1)])


@pytest.fixture(scope="module")
def browser(line, tmp_path_factory) -> Iterator[Browser]:
    handler = functools.partial(QuietHandler, directory=str(line[0]))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Browser(tmp_path_factory.mktemp("downloads"), *WEBGL) as browser:
        browser.open(f"http://127.0.0.1:{server.server_port}/page.html")
        browser.wait_until("window.mixer")
        yield browser
    server.shutdown()
    server.server_close()


def page_vertices(browser: Browser, seconds: float) -> np.ndarray:
    """Return the vertices (N, 3) of the page at a time, with Blender's axes, in metres."""
    found = browser.run(VERTICES.replace("arguments_[0]", repr(seconds)))
    x, y, z = np.array(found, np.float64).reshape(-1, 3).T / 1e7
    return np.stack([x, -z, y], axis=1)


def test_the_page_shows_the_vertices_of_blender(browser, line) -> None:
    _folder, wanted = line
    same = matched(browser, wanted)
    assert len(set(same.tolist())) > 0.95 * len(wanted[0])
    for row in range(0, len(wanted), 12):
        now = page_vertices(browser, row / performing.FPS)
        assert 1000 * np.linalg.norm(now - wanted[row][same], axis=1).max() < TOLERANCE_MM


def matched(browser: Browser, wanted: np.ndarray) -> np.ndarray:
    """Return which vertex of Blender each of the page's is: at the same place at rest, and where the mouth is open.

    glTF splits vertices at seams, and lips that touch at rest have vertices at one place.
    """
    row = most_open(wanted)
    rest, opened = page_vertices(browser, 0.0), page_vertices(browser, row / performing.FPS)
    places: dict[tuple[int, ...], list[int]] = {}
    for index, place in enumerate(np.round(wanted[0] * 1e5).astype(int).tolist()):
        places.setdefault(tuple(place), []).append(index)
    found = []
    for place, moved in zip(np.round(rest * 1e5).astype(int).tolist(), opened, strict=True):
        near = itertools.product(*((value, value - 1, value + 1) for value in place))
        candidates = [index for spot in near for index in places.get(spot, ())]
        distances = np.linalg.norm(wanted[row][candidates] - moved, axis=1)
        found.append(candidates[int(distances.argmin())])
    return np.array(found)


def most_open(wanted: np.ndarray) -> int:
    """Return the row in which the lips are farthest apart."""
    marks = head_file.load_head().landmarks
    between = wanted[:, marks["upper_inner_lip"][6]] - wanted[:, marks["lower_inner_lip"][6]]
    return int(np.linalg.norm(between, axis=1).argmax())


def test_lips_close_on_m_b_and_p_and_open_between(browser, line) -> None:
    _folder, wanted = line
    marks, frames = head_file.load_head().landmarks, np.arange(1, len(wanted) + 1)
    same = matched(browser, wanted)
    upper, lower = (
        [int(np.flatnonzero(same == vertex)[0]) for vertex in marks[name][4:9]]
        for name in ("upper_inner_lip", "lower_inner_lip")
    )
    gaps = []
    for row in range(len(wanted)):
        now = page_vertices(browser, row / performing.FPS)
        gaps.append(1000 * float(np.linalg.norm(now[upper] - now[lower], axis=1).mean()))
    shut = performing.shut_rows(PHONES, frames)
    assert len(shut) >= 2
    resting = min(gaps[0], gaps[-1])
    for rows in shut:
        assert min(gaps[row] for row in rows) < resting + SHUT_MM
    assert max(gaps) > resting + OPEN_MM


def test_the_sound_is_as_long_as_the_animation_and_is_the_clock(browser, line) -> None:
    folder, wanted = line
    with wave.open(str(folder / "line.wav")) as file:
        assert file.getnframes() / file.getframerate() == pytest.approx(len(wanted) / performing.FPS, abs=0.001)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert np.abs(samples).max() > 3000
    browser.run("document.getElementById('play').click();")
    browser.wait_until("sound.currentTime > 0.5")
    browser.run("sound.pause();")
    browser.wait_until("Math.abs(mixer.time - sound.currentTime) < 1e-6")


def test_the_page_draws_the_head(browser, tmp_path) -> None:
    browser.run("document.getElementById('play').click();")
    browser.wait_until("sound.currentTime > 0.5")
    browser.run("sound.pause();")
    picture = Path(os.environ.get("DIFACE_PICTURES", tmp_path), "threejs.png")
    picture.write_bytes(browser.screenshot())
    image = bpy.data.images.load(str(picture))
    width, height = image.size
    pixels = np.array(image.pixels).reshape(height, width, 4)[:, :700, :3]
    background = pixels[height - 60, 650]
    assert (np.abs(pixels - background).max(axis=2) > 0.1).mean() > 0.1
