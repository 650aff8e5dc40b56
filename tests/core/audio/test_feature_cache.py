"""Feature cache: round trip, size limits in memory and on disk, recovery from damaged files."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from diface_core import AudioClip, AudioSection
from diface_core.audio.feature_cache import FeatureCache, audio_key
from diface_core.audio.reading import load_clip
from diface_core.audio.speech_encoder import SpeechEncoder


def features(seed: int, rows: int = 100) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, 8)).astype(np.float32)


def test_keys_depend_on_samples_rate_and_encoder():
    samples = np.linspace(-1, 1, 1000, dtype=np.float32)
    other = samples.copy()
    other[500] += 1e-6
    clips = [
        AudioClip(samples, 16000),
        AudioClip(other, 16000),
        AudioClip(samples, 8000),
        AudioClip(samples[:-1], 16000),
    ]
    keys = {audio_key(clip, encoder) for clip in clips for encoder in ("a", "b")}
    assert len(keys) == 8
    assert audio_key(AudioClip(samples.copy(), 16000), "a") in keys


def test_get_returns_what_put_returned(tmp_path):
    cache = FeatureCache(tmp_path)
    put = cache.put("k", features(0))
    np.testing.assert_allclose(put, features(0), atol=2e-3)
    np.testing.assert_array_equal(cache.get("k"), put)
    np.testing.assert_array_equal(FeatureCache(tmp_path).get("k"), put)
    assert put.dtype == np.float32
    assert cache.get("other") is None


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cache = FeatureCache()
    cache.put("k", features(0))
    assert cache.get("k") is not None
    assert FeatureCache().get("k") is None
    assert not list(tmp_path.iterdir())


def test_memory_evicts_the_least_recently_used():
    size = features(0).nbytes // 2
    cache = FeatureCache(memory_limit=3 * size)
    for number in range(3):
        cache.put(str(number), features(number))
    cache.get("0")
    cache.put("3", features(3))
    assert [cache.get(str(number)) is not None for number in range(4)] == [True, False, True, True]


def test_features_above_the_memory_limit_are_kept_without_a_folder():
    cache = FeatureCache(memory_limit=10)
    cache.put("k", features(0))
    assert cache.get("k") is not None


def test_disk_evicts_the_least_recently_used(tmp_path):
    file = 100 * 8 * 2 + 128
    cache = FeatureCache(tmp_path, memory_limit=1, disk_limit=3 * file)
    for number in range(3):
        cache.put(str(number), features(number))
        os.utime(tmp_path / f"{number}.npy", (number, number))
    fresh = FeatureCache(tmp_path, disk_limit=3 * file)
    assert fresh.get("0") is not None  # used, and so the newest now
    fresh.put("3", features(3))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.npy", "2.npy", "3.npy"]


@pytest.mark.parametrize("damage", [b"", b"noise", b"\x93NUMPY\x01\x00", "cut", "object", "float64"])
def test_damaged_file_is_replaced(tmp_path, damage):
    FeatureCache(tmp_path).put("k", features(0))
    path = tmp_path / "k.npy"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "object":
        np.save(path, np.array([{}]), allow_pickle=True)
    elif damage == "float64":
        np.save(path, np.zeros((3, 3)))
    else:
        path.write_bytes(damage)
    cache = FeatureCache(tmp_path)
    assert cache.get("k") is None
    cache.put("k", features(1))
    assert FeatureCache(tmp_path).get("k") is not None


def test_unwritable_folder_does_not_change_the_result(tmp_path, caplog):
    (tmp_path / "file").touch()
    cache = FeatureCache(tmp_path / "file" / "folder")
    np.testing.assert_array_equal(cache.put("k", features(0)), cache.get("k"))
    assert "not cached on disk" in caplog.text


def test_failed_write_leaves_no_file(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    for name in ("write", "replace"):  # within the file, and at its end
        with monkeypatch.context() as patched:
            patched.setattr(
                *{"write": (np.lib.format, "write_array_header_1_0"), "replace": (Path, "replace")}[name], full
            )
            cache = FeatureCache(tmp_path)
            cache.put("k", features(0))
        assert not list(tmp_path.iterdir())
        assert cache.get("k") is not None


def test_unfinished_stream_leaves_no_file(tmp_path):
    cache = FeatureCache(tmp_path)
    parts = cache.put_stream("k", np.split(features(0), 4), 100)
    next(parts)
    assert len(list(tmp_path.iterdir())) == 1
    parts.close()
    assert not list(tmp_path.iterdir())
    assert cache.get("k") is None


def test_features_above_the_memory_limit_are_streamed_from_disk(tmp_path):
    long = features(0, 3000)
    cache = FeatureCache(tmp_path, memory_limit=1000)
    assert [len(part) for part in cache.put_stream("k", np.split(long, 10), 3000)] == [300] * 10
    (tmp_path / "k.npy").rename(tmp_path / "moved.npy")
    assert cache.get("k") is None  # which proves that it was not in memory
    (tmp_path / "moved.npy").rename(tmp_path / "k.npy")
    assert [len(part) for part in cache.get_stream("k")] == [1024, 1024, 952]
    np.testing.assert_array_equal(cache.get("k"), long.astype(np.float16))


def test_features_are_computed_once(tmp_path):
    calls = []

    def compute() -> np.ndarray:
        calls.append(1)
        return features(0)

    first = FeatureCache(tmp_path).get_or_put("a", compute)
    np.testing.assert_array_equal(FeatureCache(tmp_path).get_or_put("a", compute), first)
    assert len(calls) == 1


SHARING = """
import sys
from pathlib import Path
import numpy as np
from diface_core.audio.feature_cache import FeatureCache

print("begun", flush=True)
for turn in range(int(sys.argv[2])):
    # Too small for two files, so that each process removes those of the other, and no memory hides it.
    cache = FeatureCache(Path(sys.argv[1]), memory_limit=1, disk_limit=5000)
    number = turn % 3
    expected = np.full((300, 8), number, np.float32)
    read = cache.get_or_put(str(number), lambda: expected)
    assert read.shape == expected.shape, read.shape
    assert (read == expected).all(), (number, read)
"""


def test_two_processes_share_a_folder(tmp_path, root):
    """Both write, read and remove the same files; neither reads half of one, and no draft is left."""
    processes = [start_sharing(tmp_path, root, 60) for _ in range(3)]
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], errors
    assert {path.suffix for path in tmp_path.iterdir()} <= {".npy"}
    assert all(path.stat().st_size == 300 * 8 * 2 + 128 for path in tmp_path.iterdir())


def start_sharing(folder: Path, root: Path, turns: int) -> subprocess.Popen[str]:
    """Start a process that uses the cache, and wait until it begins."""
    command = [sys.executable, "-c", SHARING, str(folder), str(turns)]
    process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begun\n"
    return process


@pytest.mark.slow
def test_process_that_is_killed_does_not_disturb_the_other(tmp_path, root):
    """A process is killed 12 times, at any moment of reading, writing or removing; another one goes on."""
    moments, other = random.Random(11), start_sharing(tmp_path, root, 100_000)
    try:
        for _ in range(12):
            killed = start_sharing(tmp_path, root, 100_000)
            time.sleep(moments.uniform(0.0, 0.05))
            killed.kill()
            assert killed.communicate(timeout=60)[1] == ""
            assert other.poll() is None, other.communicate()
    finally:
        other.kill()
        other.communicate(timeout=60)
    last = start_sharing(tmp_path, root, 30)
    assert last.communicate(timeout=120)[1] == ""
    assert last.returncode == 0
    assert all(path.stat().st_size == 300 * 8 * 2 + 128 for path in tmp_path.glob("*.npy"))


def test_rest_of_a_process_that_was_killed_is_removed(tmp_path):
    cache, old, new = FeatureCache(tmp_path), tmp_path / "a.0123.part", tmp_path / "b.4567.part"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    cache.put("k", features(0))
    assert not old.exists()
    assert new.exists()  # perhaps another process is writing it


KEY_OF_0_1_0 = "f632bbf7b94139041cbdbe838bd06ca5b1cd0710e2164458be3be758a699d1ee"
"""Name of the file that DiFACE 0.1.0 wrote for tests/data/speech.flac."""


def test_cache_of_0_1_0_is_used(tmp_path, speech):
    values = features(0, 357).astype(np.float16)
    np.save(tmp_path / f"{KEY_OF_0_1_0}.npy", values)
    clip = load_clip(AudioSection(speech))
    key = audio_key(clip, SpeechEncoder.load().hash)
    assert key == KEY_OF_0_1_0
    np.testing.assert_array_equal(FeatureCache(tmp_path).get(key), values.astype(np.float32))
