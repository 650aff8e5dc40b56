"""Errors that a user can cause: each says what is wrong and what to do next."""


class DifaceError(Exception):
    """An error with a `message` (what went wrong) and a `hint` (the next step): whole sentences for the user."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class AudioError(DifaceError):
    """The audio cannot be used: missing, unreadable, empty or silent."""


class ModelError(DifaceError):
    """A model or asset file is missing, damaged or of another kind than expected."""


class WorkerError(DifaceError):
    """The worker process could not start, died, or sent a malformed message."""


class SceneError(DifaceError):
    """The Blender scene does not meet a requirement: no mesh, no shape keys, linked data."""


class Cancelled(DifaceError):
    """The user cancelled the request."""

    def __init__(self) -> None:
        super().__init__("Cancelled.", "Nothing was changed.")
