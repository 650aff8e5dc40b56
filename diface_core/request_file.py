"""Requests as files (.diface): everything needed to generate a take again, here or elsewhere. numpy only."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import Protocol

from . import protocol
from .errors import DifaceError, WorkerError
from .protocol import Message
from .types import GenerateRequest

SUFFIX = ".diface"


class Hashed(Protocol):
    """A model beside the denoisers, such as a detector."""

    @property
    def hash(self) -> str:
        """Return the hash (hex) of its file."""
        ...


def joined_hash(model_hash: str, *used: Hashed | None) -> str:
    """Return a hash of models with those of other models that a request uses; None is not used."""
    return "+".join([model_hash, *(model.hash[:16] for model in used if model is not None)])


def is_same_hash(stored: str, current: str) -> bool:
    """Return whether the models that a take states are the current ones; "" states none.

    Takes that state the denoisers alone, such as those of 0.1.0, are compared by them.
    """
    return stored in ("", current, current.partition("+")[0])


@dataclasses.dataclass(frozen=True)
class StoredRequest:
    """A request, and the hash (hex) of the models that generated its result; "" if it is not known."""

    request: GenerateRequest
    model_hash: str = ""

    def with_audio(self, audio: Path) -> StoredRequest:
        """Return the request with its audio in another file."""
        section = self.request.audio
        moved_section = dataclasses.replace(section, path=audio)
        return dataclasses.replace(self, request=dataclasses.replace(self.request, audio=moved_section))


def pack(stored: StoredRequest) -> bytes:
    """Return the content of a file: the request's message, and one with the hash of the models."""
    provenance = Message("made", None, {"model_hash": stored.model_hash})
    return protocol.pack(protocol.generate_request_message(stored.request, 0)) + protocol.pack(provenance)


def unpack(data: bytes) -> StoredRequest:
    """Return what `pack` packed. Raises WorkerError if `data` is anything else."""
    stream = io.BytesIO(data)
    request, provenance = protocol.read(stream), protocol.read(stream)
    if request is None or request.kind != "generate" or provenance is None or provenance.kind != "made":
        raise WorkerError("The file contains no request.", "Choose a file that DiFACE wrote.")
    return StoredRequest(protocol.parse_generate_request(request), str(provenance.data.get("model_hash", "")))


def read(path: Path) -> StoredRequest:
    """Read the request in a file. Raises DifaceError if the file is missing or contains no request."""
    try:
        return unpack(path.read_bytes())
    except OSError as reason:
        raise DifaceError(f"Cannot read {path}: {reason.strerror}.", "Choose another file.") from reason
    except WorkerError as problem:
        hint = "Choose a file that `python -m diface_addon.cli.regenerate_take` wrote."
        raise DifaceError(f"{path.name} is not a DiFACE request: {problem.message}", hint) from problem
