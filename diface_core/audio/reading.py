"""Audio files to mono waveforms at the models' sampling rate, in blocks to limit the memory."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Generator, Iterator
from functools import lru_cache

import numpy as np
import soundfile

from ..errors import AudioError
from ..types import MIX, AudioClip, AudioSection, Float32Array
from .high_pass import high_pass
from .loudness import SAMPLE_RATE
from .resample import resample_audio
from .stereo import ChannelMeter, Mix, mix_of

BLOCK_FRAMES = 1 << 16
"""Frames of the file decoded at a time."""

SILENCE_PEAK = 10 ** (-60 / 20)
"""Peak below which a section counts as silent: -60 dB of full scale."""

MAX_SECONDS = 12 * 3600
"""Seconds above which a section's length counts as a mistake or as a damaged header."""

ALLOWED_SAMPLE_RATES = range(1_000, 1_000_000)
"""Supported sampling rates in Hz; others would cost hours and memory."""

NOT_SEEKABLE = ("GSM610",)
"""Subtypes in which libsndfile does not seek, as telephone systems write them."""

MAX_KNOWN_CHANNELS = 64
"""Sections whose louder channel is kept in memory: a sound is read several times for one take."""

FORMAT_HINT = "Convert it to wav, flac, ogg or mp3 and try again."


class _ForwardOnlySoundFile(soundfile.SoundFile):
    """A file that is read from its start to its end, without seeking.

    soundfile seeks after every read, and an mp3 frame depends on those before it: after a seek, even to the current
    position, libsndfile's decoder drops samples or returns different ones.
    """

    def seekable(self) -> bool:
        return False


def load_clip(section: AudioSection, rate: int = SAMPLE_RATE) -> AudioClip:
    """Read the section as a mono waveform: its channel, silence before the file's start and after its end.

    Returns:
        Exactly round(section.seconds * rate) samples if seconds is given; sample n is at start + n / rate seconds.

    Raises:
        AudioError: The file is missing, unreadable, empty or silent, or has samples that are not finite.
    """
    samples = np.concatenate([np.zeros(0, np.float32), *read_blocks(section, rate)])
    # Without np.abs, which would copy what may be an hour.
    check_not_silent(section, max(samples.max(initial=0.0), -samples.min(initial=0.0)))
    return AudioClip(samples, rate)


def check_not_silent(section: AudioSection, peak: float) -> None:
    """Raise AudioError if `peak`, of the section's samples, is that of silence."""
    if peak < SILENCE_PEAK:
        hint = (
            "Choose audio with speech, check its trim, choose another Channel (two can cancel out) or raise its volume."
        )
        raise AudioError(f"{section.path.name} is silent in the chosen section.", hint)


def read_blocks(
    section: AudioSection, rate: int = SAMPLE_RATE, meter: ChannelMeter | None = None
) -> Iterator[Float32Array]:
    """Yield the samples of `load_clip` in blocks (N,), so that memory does not grow with length. Accepts silence.

    Args:
        section: What is read.
        rate: Sampling rate of the blocks in Hz.
        meter: Measures the channels of what is read.
    """
    mono = mix_of(section.channel, lambda: _louder_channel(dataclasses.replace(section, high_pass=False)))
    with _opened(section) as sound:
        blocks = _read_section(section, sound, rate, mono, meter)
        for block in high_pass(blocks, rate) if section.high_pass else blocks:
            yield np.clip(block, -1, 1)


def section_identity(section: AudioSection) -> tuple[AudioSection, int, int]:
    """Return what is equal for the same section of a file that was not written since."""
    try:
        stat = section.path.stat()
    except OSError:
        return section, -1, -1
    return section, stat.st_mtime_ns, stat.st_size


def _louder_channel(section: AudioSection) -> int:
    """Return the number of the channel with the most power in a section. Measured once, as long as the file stays."""
    return _measured_louder_channel(*section_identity(section))


@lru_cache(maxsize=MAX_KNOWN_CHANNELS)
def _measured_louder_channel(section: AudioSection, _modified: int, _size: int) -> int:
    meter = ChannelMeter()
    with _opened(section) as sound:
        for _block in _read_section(section, sound, sound.samplerate, mix_of(MIX, lambda: 0), meter):
            pass
    return meter.louder


@contextlib.contextmanager
def _opened(section: AudioSection) -> Generator[soundfile.SoundFile]:
    """Open the file of a section to read it in the block. Raises AudioError if it is damaged there."""
    with _open(section) as sound:
        _check_length(section, sound)
        try:
            yield sound
        except soundfile.LibsndfileError as damage:
            message = f"{section.path.name} is damaged: {damage.error_string}"
            raise AudioError(message, "Export the audio again, or choose another file.") from damage


def _open(section: AudioSection) -> soundfile.SoundFile:
    path = section.path
    if not path.is_file():
        raise AudioError(f"The audio file is missing: {path}.", "Restore it, or choose another file.")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as reason:
        hint = "Check that you have permission to read it."
        raise AudioError(f"The audio file cannot be opened: {path} ({reason.strerror}).", hint) from reason
    if empty:
        raise AudioError(f"{path.name} is an empty file.", "Export the sound again, or choose another file.")
    try:
        return _ForwardOnlySoundFile(str(path))
    # soundfile raises TypeError for headerless .raw files, whose format it does not know.
    except (soundfile.LibsndfileError, TypeError) as reason:
        raise AudioError(f"{path.name} is not a supported audio file.", FORMAT_HINT) from reason


def _check_length(section: AudioSection, sound: soundfile.SoundFile) -> None:
    if sound.samplerate not in ALLOWED_SAMPLE_RATES:
        message = f"The sampling rate must be 1 kHz to 1 MHz. {section.path.name} states {sound.samplerate} Hz."
        raise AudioError(message, "Its header may be damaged. " + FORMAT_HINT)
    name, length = section.path.name, sound.frames / sound.samplerate
    end = length if section.seconds is None else section.start + section.seconds
    if sound.frames == 0:
        raise AudioError(f"{name} is empty: its length is zero.", "Choose another file.")
    if not end - section.start > 0:
        raise AudioError(f"The chosen section of {name} has no length.", "Choose a longer section.")
    if not end - section.start <= MAX_SECONDS:
        raise AudioError(f"The chosen section of {name} is longer than 12 hours.", "Choose a shorter section.")
    if section.start >= length or end <= 0:
        hint = f"The audio lasts from 0 to {length:.2f} s: move or trim the section."
        raise AudioError(f"The chosen section of {name} is outside the audio.", hint)


def _read_section(
    section: AudioSection, sound: soundfile.SoundFile, rate: int, mono: Mix, meter: ChannelMeter | None
) -> Iterator[Float32Array]:
    """The section's samples at `rate`, in [-1, 1] except for overshoot."""
    first = max(0, round(section.start * sound.samplerate))
    silence = max(0, round(-section.start * rate))
    rest = (sound.frames - first) * rate / sound.samplerate
    left = round(rest) if section.seconds is None else round(section.seconds * rate) - silence

    yield from _silent_blocks(silence)
    _skip_to_frame(sound, first)
    frames = -(-left * sound.samplerate // rate)
    for block in resample_audio(_mono_blocks(sound, frames, mono, meter), sound.samplerate, rate):
        yield block[:left]
        left -= len(block[:left])

    # A file may end before its header says. Only a section with a duration is filled with silence.
    if section.seconds is not None:
        yield from _silent_blocks(left)


def _silent_blocks(samples: int) -> Iterator[Float32Array]:
    for first in range(0, samples, BLOCK_FRAMES):
        yield np.zeros(min(BLOCK_FRAMES, samples - first), np.float32)


def _skip_to_frame(sound: soundfile.SoundFile, frame: int) -> None:
    if frame and sound.format != "MP3" and sound.subtype not in NOT_SEEKABLE:
        sound.seek(frame)
        return
    while frame > 0 and (skipped := len(sound.read(min(BLOCK_FRAMES, frame), dtype="float32"))):
        frame -= skipped


def _mono_blocks(
    sound: soundfile.SoundFile, frames: int, mono: Mix, meter: ChannelMeter | None
) -> Iterator[Float32Array]:
    """The next `frames` frames, made mono, in blocks (N,); fewer if the file ends."""
    while frames > 0:
        block = np.asarray(sound.read(min(BLOCK_FRAMES, frames), dtype="float32", always_2d=True), np.float32)
        if not len(block):
            return
        if not np.isfinite(block).all():
            hint = "Export the audio again from the program that created it."
            raise AudioError(f"{sound.name} contains samples that are not finite.", hint)
        frames -= len(block)
        if meter is not None:
            meter.add(block, sound.samplerate)
        yield np.ascontiguousarray(mono(block))
