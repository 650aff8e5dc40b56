"""The page of a comparison in a real browser: keyboard, order, sides, playing, saved results."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.build_tools.rating.webdriver import Browser, missing_programs
from tools.build import cli

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(missing_programs()), reason=missing_programs() or "-")]

CLIPS = ("one", "two", "three", "four")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page that compares two folders of short videos with sound."""
    folder = tmp_path_factory.mktemp("comparison")
    for name, colour in (("old", "red"), ("new", "green")):
        (folder / name).mkdir()
        for clip in CLIPS:
            sources = ["-f", "lavfi", "-i", f"color={colour}:s=64x64:d=0.4:r=10", "-f", "lavfi", "-i", "sine=d=0.4"]
            codecs = ["-c:v", "libvpx", "-c:a", "libvorbis", "-shortest"]
            command = ["ffmpeg", "-v", "error", *sources, *codecs, str(folder / name / f"{clip}.webm")]
            subprocess.run(command, check=True)
    assert cli.main(["rate", str(folder / "old"), str(folder / "new"), "--out", str(folder / "rate.html")]) == 0
    return folder / "rate.html"


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with Browser(tmp_path) as browser:
        yield browser


def begin(browser: Browser, page: Path, seed: int) -> None:
    browser.open(f"{page.as_uri()}?seed={seed}")
    browser.run("document.getElementById('rater').value = 'Ada L.'; document.getElementById('begin').click();")


def rate(browser: Browser, key: str) -> None:
    """Wait until both videos have ended and choose."""
    browser.wait_until("!document.querySelector('.choice').disabled")
    browser.press(key)


def saved(folder: Path) -> dict:
    end = time.monotonic() + 20
    while not (files := list(folder.glob("comparison-*.json"))):
        assert time.monotonic() < end, "nothing was saved"
        time.sleep(0.1)
    time.sleep(0.3)
    return json.loads(files[0].read_text("utf-8"))


def test_answers_are_saved_with_counts_and_intervals(browser, page, tmp_path) -> None:
    begin(browser, page, 7)
    for key in ("1", "2", "right", "0"):
        rate(browser, key)
    browser.wait_until("!document.getElementById('end').hidden")
    browser.run("document.getElementById('save').click();")
    found = saved(tmp_path)
    answers = found["answers"]
    assert [answer["choice"] for answer in answers] == ["left", "right", "right", "none"]
    for answer in answers[:3]:
        other = {"old": "new", "new": "old"}[answer["left"]]
        assert answer["preferred"] == (answer["left"] if answer["choice"] == "left" else other)
    assert sorted(answer["clip"] for answer in answers) == sorted(CLIPS)
    assert sum(found["counts"].values()) == len(CLIPS)
    assert found["counts"]["none"] == 1
    share = found["share_of_first"]
    assert share["value"] == pytest.approx(found["counts"]["old"] / 3)
    assert 0 <= share["low"] <= share["value"] <= share["high"] <= 1
    assert (found["rater"], found["seed"], found["names"]) == ("Ada L.", 7, ["old", "new"])
    assert cli.main(["rate", "--results", *map(str, tmp_path.glob("*.json"))]) == 0


def test_order_and_sides_depend_on_the_seed_and_sides_are_balanced(browser, page) -> None:
    orders = []
    for seed in (1, 1, 2, 3, 4):
        browser.open(f"{page.as_uri()}?seed={seed}")
        order, sides = browser.run("return [order, sides];")
        assert sorted(order) == [0, 1, 2, 3]
        assert sum(sides) == 2
        orders.append((tuple(order), tuple(sides)))
    assert orders[0] == orders[1]
    assert len(set(orders)) > 2
    browser.open(page.as_uri())
    first = browser.run("return seed;")
    browser.open(page.as_uri())
    assert browser.run("return seed;") != first


def test_both_sides_play_with_one_sound_and_no_choice_before_the_end(browser, page) -> None:
    begin(browser, page, 3)
    disabled = browser.run(
        "document.getElementById('again').click(); return document.querySelector('.choice').disabled;"
    )
    browser.press("1")
    assert disabled
    assert browser.run("return [current, left.muted, right.muted];") == [0, False, True]
    browser.wait_until("!document.querySelector('.choice').disabled")
    assert browser.run("return [left.ended, right.ended, left.videoWidth];") == [True, True, 64]


def test_space_plays_again_and_backspace_goes_back(browser, page) -> None:
    begin(browser, page, 3)
    rate(browser, "1")
    rate(browser, "2")
    browser.press("backspace")
    assert browser.run("return current;") == 1
    browser.press("space")
    assert browser.run("return plays;") == 2
    browser.press("1")
    assert browser.run("return answers.map(answer => answer && answer.choice);") == ["left", "left", None, None]


def test_page_names_the_sets_only_in_its_results_and_needs_no_network(browser, page) -> None:
    begin(browser, page, 3)
    shown = browser.run("return document.body.innerText;")
    assert "old" not in shown.split()
    assert "new" not in shown.split()
    text = page.read_text("utf-8")
    assert "http:" not in text
    assert "https:" not in text
