"""A minimal client of chromedriver (W3C WebDriver), with the standard library only."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any, Self

KEYS = {"space": " ", "backspace": "\ue003", "left": "\ue012", "right": "\ue014"}
START_SECONDS, WAIT_SECONDS = 20.0, 20.0


def missing_programs() -> str:
    """Return why no browser can be tested here, or ""."""
    browser = shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    found = {"chromium": browser, "chromedriver": shutil.which("chromedriver"), "ffmpeg": shutil.which("ffmpeg")}
    missing = [name for name, path in found.items() if path is None]
    return f"not installed: {', '.join(missing)} (Debian: apt-get install chromium-driver ffmpeg)" if missing else ""


class Browser:
    """A headless Chromium with `more` arguments; saved files go to a folder."""

    def __init__(self, downloads: Path, *more: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [shutil.which("chromedriver") or "chromedriver", f"--port={port}"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self._base = f"http://127.0.0.1:{port}"
        self._wait_for_driver()
        arguments = [
            "--headless=new",
            "--no-sandbox",
            "--autoplay-policy=no-user-gesture-required",
            "--mute-audio",
            *more,
        ]
        options = {"args": [*arguments, *more], "prefs": {"download.default_directory": str(downloads)}}
        capabilities = {"alwaysMatch": {"goog:chromeOptions": options}}
        created = self._call("POST", "/session", {"capabilities": capabilities})
        self._base += f"/session/{created['sessionId']}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._call("DELETE", "", None)
        finally:
            self._process.terminate()
            self._process.wait()

    def open(self, url: str) -> None:
        """Open a page."""
        self._call("POST", "/url", {"url": url})

    def run(self, script: str) -> Any:
        """Return what a script of the page returns."""
        return self._call("POST", "/execute/sync", {"script": script, "args": []})

    def screenshot(self) -> bytes:
        """Return the window as a PNG file."""
        return base64.b64decode(self._call("GET", "/screenshot", None))

    def press(self, key: str) -> None:
        """Press and release a key: a character, or a name of KEYS."""
        value = KEYS.get(key, key)
        events = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self._call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": events}]})

    def wait_until(self, condition: str) -> None:
        """Wait until an expression of the page is true. Raises TimeoutError after WAIT_SECONDS."""
        end = time.monotonic() + WAIT_SECONDS
        while not self.run(f"return Boolean({condition});"):
            if time.monotonic() > end:
                raise TimeoutError(condition)
            time.sleep(0.05)

    def _wait_for_driver(self) -> None:
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                self._call("GET", "/status", None)
                return
            except OSError:
                if time.monotonic() > end:
                    self._process.kill()
                    self._process.wait()
                    raise
                time.sleep(0.05)

    def _call(self, method: str, path: str, body: object) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(self._base + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)["value"]
