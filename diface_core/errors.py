"""Errors that an artist can cause: each says what is wrong and what to do next."""


class DifaceError(Exception):
    """What went wrong (`message`) and the next step (`hint`), both whole sentences for the artist."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class AudioError(DifaceError):
    """The sound cannot be used: missing, unreadable, empty or silent."""


class ModelError(DifaceError):
    """A model or asset file is missing, damaged or of another kind than expected."""


class WorkerError(DifaceError):
    """The worker process could not start, died, or answered with something that is not an answer."""


class SceneError(DifaceError):
    """The Blender scene is not as it must be: no mesh, no shape keys, linked data."""


class Cancelled(DifaceError):
    """The artist cancelled the request."""

    def __init__(self) -> None:
        super().__init__("Cancelled.", "Nothing was changed.")
