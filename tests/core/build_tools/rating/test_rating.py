"""Pairs of videos, the page without a browser, and pooled results."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.build import cli
from tools.build.console import BuildError
from tools.build.rating.page import make_page
from tools.build.rating.pairs import find_pairs, find_sound, unpaired
from tools.build.rating.results import pool, wilson_interval


def folder_of(path: Path, *names: str) -> Path:
    path.mkdir()
    for name in names:
        (path / name).write_bytes(b"content of " + name.encode())
    return path


def test_pairs_are_files_of_the_same_name(tmp_path) -> None:
    a = folder_of(tmp_path / "a", "one.mp4", "two.mp4", "notes.txt", "only.mp4", "one.npz")
    b = folder_of(tmp_path / "b", "two.webm", "one.mp4")
    assert [(pair.name, pair.a.name, pair.b.name) for pair in find_pairs(a, b)] == [
        ("one", "one.mp4", "one.mp4"),
        ("two", "two.mp4", "two.webm"),
    ]
    assert unpaired(a, b) == ["only"]


def test_folder_without_videos_is_one_of_motions_with_their_sounds(tmp_path) -> None:
    a, b = (folder_of(tmp_path / name, "one.npz", "one.wav") for name in "ab")
    (pair,) = find_pairs(a, b)
    assert find_sound(pair.a, None) == a / "one.wav"
    sounds = folder_of(tmp_path / "sounds", "one.flac")
    assert find_sound(pair.a, sounds) == sounds / "one.flac"
    with pytest.raises(BuildError, match=r"two\.npz has no sound"):
        find_sound(a / "two.npz", sounds)


@pytest.mark.parametrize(
    ("mine", "theirs", "message"),
    [
        (["a.mp4"], ["b.mp4"], "No clip has the same name"),
        (["a.txt"], ["a.mp4"], "holds no video"),
        ([], ["a.mp4"], "holds no video"),
    ],
)
def test_folders_that_cannot_be_compared_are_refused(tmp_path, mine, theirs, message) -> None:
    a, b = folder_of(tmp_path / "a", *mine), folder_of(tmp_path / "b", *theirs)
    with pytest.raises(BuildError, match=message):
        find_pairs(a, b)


def test_missing_or_equal_folders_are_refused(tmp_path, capsys) -> None:
    assert cli.main(["rate", str(tmp_path / "a"), str(tmp_path / "b")]) == 1
    assert "does not exist" in capsys.readouterr().err
    assert cli.main(["rate", str(tmp_path)]) == 1
    assert "Got 1 folders" in capsys.readouterr().err
    assert cli.main(["rate", str(tmp_path), str(tmp_path)]) == 1
    assert "two different ones" in capsys.readouterr().err


def test_page_holds_both_videos_and_cannot_be_broken_by_a_name(tmp_path) -> None:
    a, b = (folder_of(tmp_path / name, "</script>x.mp4".replace("/", "_")) for name in "ab")
    page = make_page(find_pairs(a, b), ("</script><b>", "b"), 'Which is "better" <here>?')
    data = page.partition('<script id="data" type="application/json">')[2].partition("</script>")[0]
    found = json.loads(data)
    assert found["names"] == ["</script><b>", "b"]
    assert len(found["clips"][0]["videos"]) == 2
    assert "<here>" not in page.replace(data, "")


def result_file(path: Path, preferred: list[str], names: tuple[str, str] = ("old", "new")) -> Path:
    answers = [{"clip": f"clip {number}", "preferred": name} for number, name in enumerate(preferred)]
    path.write_text(json.dumps({"format": 1, "names": names, "answers": answers}), "utf-8")
    return path


def test_results_of_raters_are_pooled(tmp_path) -> None:
    files = [
        result_file(tmp_path / "1.json", ["new", "new", "none"]),
        result_file(tmp_path / "2.json", ["old", "new", "new"]),
    ]
    found = pool(files)
    assert (found.raters, found.first, found.second, found.none) == (2, 1, 4, 1)
    assert found.first_by_clip["clip 0"] == (1, 1)
    assert "| all clips | 1 | 4 | 1 | 20% (4 to 62) |" in found.report()


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": 2, "names": ["a", "b"], "answers": []}'])
def test_other_files_are_refused(tmp_path, content) -> None:
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(BuildError, match=r"r\.json"):
        pool([tmp_path / "r.json"])


def test_results_of_another_comparison_are_refused(tmp_path) -> None:
    files = [result_file(tmp_path / "1.json", ["a"], ("a", "b")), result_file(tmp_path / "2.json", ["a"], ("a", "c"))]
    with pytest.raises(BuildError, match="compares a and c"):
        pool(files)


@given(st.integers(0, 500), st.integers(1, 500))
def test_interval_contains_the_share_and_mirrors(hits, count) -> None:
    hits = min(hits, count)
    share, low, high = wilson_interval(hits, count)
    assert 0 <= low <= share <= high <= 1
    mirrored = wilson_interval(count - hits, count)
    assert (1 - mirrored[2], 1 - mirrored[1]) == pytest.approx((low, high), abs=1e-9)


def test_interval_of_a_known_case() -> None:
    """8 of 10: Wilson's interval as tabulated, .490 to .943."""
    assert wilson_interval(8, 10) == pytest.approx((0.8, 0.490, 0.943), abs=1e-3)
