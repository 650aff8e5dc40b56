"""The time of day at which a Broadcast Wave file begins."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from diface_core.recordings.sound_timecode import start_of_sound


def broadcast_wave(samples: int, rate: int, head: bytes = b"RIFF") -> bytes:
    """Return a wave file with a chunk `bext` of odd length before its format."""
    bext = bytes(338) + struct.pack("<Q", samples) + bytes(257)
    chunks = b"bext" + struct.pack("<I", len(bext)) + bext + bytes(len(bext) % 2)
    chunks += b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16) + b"data" + struct.pack("<I", 0)
    return head + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


@pytest.mark.parametrize("head", [b"RIFF", b"RF64"])
@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_time_reference(tmp_path, head, rate):
    (tmp_path / "a.wav").write_bytes(broadcast_wave(36_000 * rate + rate // 2, rate, head))
    assert start_of_sound(tmp_path / "a.wav") == pytest.approx(36_000.5)


@pytest.mark.parametrize("length", range(0, 700, 23))
def test_a_file_that_ends_early_has_no_time(tmp_path, length):
    (tmp_path / "a.wav").write_bytes(broadcast_wave(1, 48_000)[:length])
    start = start_of_sound(tmp_path / "a.wav")
    assert start is None or start > 0


def test_other_files_have_no_time(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"OggS" * 100)
    assert start_of_sound(tmp_path / "a.wav") is None
    assert start_of_sound(Path(tmp_path / "none.wav")) is None
