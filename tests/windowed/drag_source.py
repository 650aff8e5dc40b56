"""A program that a file is dragged from: drag_source.py FILE X Y drops it on the window at a point of the display.

It is the source's side of XDND, version 3 to 5 (https://www.freedesktop.org/wiki/Specifications/XDND), by libX11. The
mouse buttons are not pressed: a target learns of a drag from the messages only.
"""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable
from ctypes import byref, c_char_p, c_int, c_long, c_ubyte, c_uint, c_ulong, c_void_p
from pathlib import Path

SELECTION_REQUEST, SELECTION_NOTIFY, CLIENT_MESSAGE = 30, 31, 33
XA_ATOM = 4
PATIENCE = 20.0
"""Seconds that the target may take for an answer."""


class ClientMessage(ctypes.Structure):
    _fields_ = [
        ("type", c_int),
        ("serial", c_ulong),
        ("send_event", c_int),
        ("display", c_void_p),
        ("window", c_ulong),
        ("message_type", c_ulong),
        ("format", c_int),
        ("data", c_long * 5),
    ]


class SelectionRequest(ctypes.Structure):
    _fields_ = [
        ("type", c_int),
        ("serial", c_ulong),
        ("send_event", c_int),
        ("display", c_void_p),
        ("owner", c_ulong),
        ("requestor", c_ulong),
        ("selection", c_ulong),
        ("target", c_ulong),
        ("property", c_ulong),
        ("time", c_ulong),
    ]


class SelectionNotify(ctypes.Structure):
    _fields_ = [
        ("type", c_int),
        ("serial", c_ulong),
        ("send_event", c_int),
        ("display", c_void_p),
        ("requestor", c_ulong),
        ("selection", c_ulong),
        ("target", c_ulong),
        ("property", c_ulong),
        ("time", c_ulong),
    ]


class Event(ctypes.Union):
    _fields_ = [
        ("type", c_int),
        ("message", ClientMessage),
        ("request", SelectionRequest),
        ("notify", SelectionNotify),
        ("space", c_long * 24),
    ]


class DragSource:
    """A window that a file is dragged from."""

    def __init__(self, file: Path) -> None:
        self._x = load_xlib()
        self._display = self._x.XOpenDisplay(None)
        if not self._display:
            raise SystemExit("The display of the variable DISPLAY cannot be opened.")
        self._uri = (file.absolute().as_uri() + "\r\n").encode()
        self._root = self._x.XDefaultRootWindow(self._display)
        self._window = self._x.XCreateSimpleWindow(self._display, self._root, 0, 0, 1, 1, 0, 0, 0)
        self._x.XSetSelectionOwner(self._display, self._atom("XdndSelection"), self._window, 0)

    def drop(self, x: int, y: int) -> None:
        """Drag to a point of the display and drop there; wait until the target has read the file's name."""
        target, version = self._target(x, y)
        self._send(target, "XdndEnter", version << 24, self._atom("text/uri-list"), 0, 0)
        for _ in range(3):  # a target may find its own element under the mouse at the second message only
            self._send(target, "XdndPosition", 0, x << 16 | y, 0, self._atom("XdndActionCopy"))
            accepted = self._wait_for("XdndStatus").data[1] & 1
            time.sleep(0.2)
        if not accepted:
            self._send(target, "XdndLeave", 0, 0, 0, 0)
            raise SystemExit("The window does not accept the file.")
        self._send(target, "XdndDrop", 0, 0, 0, 0)
        self._wait_for("XdndFinished")

    def _atom(self, name: str) -> int:
        return self._x.XInternAtom(self._display, name.encode(), 0)

    def _target(self, x: int, y: int) -> tuple[int, int]:
        """Return the uppermost window at a point that takes drops, and the version of the protocol to use."""
        window, child, at_x, at_y = self._root, c_ulong(), c_int(), c_int()
        while True:
            version = self._xdnd_version(window)
            if version:
                return window, min(version, 5)
            found = self._x.XTranslateCoordinates(
                self._display, self._root, window, x, y, byref(at_x), byref(at_y), byref(child)
            )
            if not found or not child.value:
                raise SystemExit("No window at this point takes drops.")
            window = child.value

    def _xdnd_version(self, window: int) -> int:
        """Return the version that a window states in its property XdndAware, 0 without one."""
        kind, bits, count, rest, data = c_ulong(), c_int(), c_ulong(), c_ulong(), c_void_p()
        self._x.XGetWindowProperty(
            self._display, window, self._atom("XdndAware"), 0, 1, 0, XA_ATOM,
            byref(kind), byref(bits), byref(count), byref(rest), byref(data),
        )  # fmt: skip
        if not data.value:
            return 0
        version = c_ulong.from_address(data.value).value if count.value else 0
        self._x.XFree(data)
        return version

    def _send(self, target: int, kind: str, *data: int) -> None:
        event = Event()
        message = event.message
        message.type, message.window, message.message_type, message.format = (
            CLIENT_MESSAGE, target, self._atom(kind), 32
        )  # fmt: skip
        message.data[0] = self._window
        for place, value in enumerate(data, 1):
            message.data[place] = value
        self._x.XSendEvent(self._display, target, 0, 0, byref(event))
        self._x.XFlush(self._display)

    def _wait_for(self, kind: str) -> ClientMessage:
        """Return the next message of a kind; meanwhile give the file's name to whoever asks for it."""
        end, wanted, event = time.monotonic() + PATIENCE, self._atom(kind), Event()
        while time.monotonic() < end:
            if not self._x.XPending(self._display):
                time.sleep(0.02)
                continue
            self._x.XNextEvent(self._display, byref(event))
            if event.type == SELECTION_REQUEST:
                self._give(event.request)
            elif event.type == CLIENT_MESSAGE and event.message.message_type == wanted:
                return event.message
        raise SystemExit(f"The window did not reply with {kind} within {PATIENCE:.0f} s.")

    def _give(self, request: SelectionRequest) -> None:
        data = (c_ubyte * len(self._uri)).from_buffer_copy(self._uri)
        self._x.XChangeProperty(
            self._display, request.requestor, request.property, request.target, 8, 0, data, len(self._uri)
        )
        reply = Event()
        notify = reply.notify
        notify.type, notify.requestor, notify.selection = SELECTION_NOTIFY, request.requestor, request.selection
        notify.target, notify.property, notify.time = request.target, request.property, request.time
        self._x.XSendEvent(self._display, request.requestor, 0, 0, byref(reply))
        self._x.XFlush(self._display)


def load_xlib() -> ctypes.CDLL:
    """Return libX11, which xdotool needs too, with the types of the functions used here."""
    x = ctypes.CDLL("libX11.so.6")
    display, window, pointer = c_void_p, c_ulong, c_void_p
    functions: dict[str, tuple[object, list[object]]] = {
        "XOpenDisplay": (c_void_p, [c_char_p]),
        "XDefaultRootWindow": (c_ulong, [display]),
        "XCreateSimpleWindow": (c_ulong, [display, window, c_int, c_int, c_uint, c_uint, c_uint, c_ulong, c_ulong]),
        "XInternAtom": (c_ulong, [display, c_char_p, c_int]),
        "XSetSelectionOwner": (c_int, [display, c_ulong, window, c_ulong]),
        "XTranslateCoordinates": (c_int, [display, window, window, c_int, c_int, pointer, pointer, pointer]),
        "XGetWindowProperty": (c_int, [display, window, c_ulong, c_long, c_long, c_int, c_ulong, *[pointer] * 5]),
        "XFree": (c_int, [c_void_p]),
        "XSendEvent": (c_int, [display, window, c_int, c_long, pointer]),
        "XFlush": (c_int, [display]),
        "XPending": (c_int, [display]),
        "XNextEvent": (c_int, [display, pointer]),
        "XChangeProperty": (c_int, [display, window, c_ulong, c_ulong, c_int, c_int, pointer, c_int]),
    }
    for name, (result, arguments) in functions.items():
        function: Callable[..., int] = getattr(x, name)
        function.restype, function.argtypes = result, arguments
    return x


if __name__ == "__main__":
    DragSource(Path(sys.argv[1])).drop(int(sys.argv[2]), int(sys.argv[3]))
