"""Requests as files (.diface): what made a take, so that it can be made again, here or elsewhere. numpy only."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

from . import protocol
from .errors import DifaceError, WorkerError
from .protocol import Message
from .types import AudioSection, GenerateRequest

SUFFIX = ".diface"


@dataclasses.dataclass(frozen=True)
class StoredRequest:
    """A request, and the hash (hex) of the models that answered it; "" where it is not known."""

    request: GenerateRequest
    model_hash: str = ""

    def with_audio(self, audio: Path) -> StoredRequest:
        """The same with its sound in another file."""
        section = self.request.audio
        moved = AudioSection(audio, section.start, section.seconds)
        return dataclasses.replace(self, request=dataclasses.replace(self.request, audio=moved))


def pack(stored: StoredRequest) -> bytes:
    """The bytes of a file: the message that asked, and one that says who answered."""
    answered = Message("made", None, {"model_hash": stored.model_hash})
    return protocol.pack(protocol.generate_request_message(stored.request, 0)) + protocol.pack(answered)


def unpack(data: bytes) -> StoredRequest:
    """What `pack` packed. Raises WorkerError for anything else."""
    stream = io.BytesIO(data)
    asked, answered = protocol.read(stream), protocol.read(stream)
    if asked is None or asked.kind != "generate" or answered is None or answered.kind != "made":
        raise WorkerError("This holds no request.", "Choose what DiFACE wrote.")
    return StoredRequest(protocol.parse_generate_request(asked), str(answered.data.get("model_hash", "")))


def read(path: Path) -> StoredRequest:
    """The request in a file. Raises DifaceError where it is not there or holds none."""
    try:
        return unpack(path.read_bytes())
    except OSError as reason:
        raise DifaceError(f"Cannot read {path}: {reason.strerror}.", "Choose another file.") from reason
    except WorkerError as rubbish:
        hint = "Choose one that `python -m diface_addon.cli.regenerate_take` wrote."
        raise DifaceError(f"{path.name} holds no request of DiFACE's: {rubbish.message}", hint) from rubbish
