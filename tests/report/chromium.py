"""Chromium over its debugging pipe: no port is opened, nothing beyond the page is fetched."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

FOUND = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)


#: Puts the ends of two pipes where Chromium looks for them, and becomes Chromium.
_CONNECT = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 50) for end in sys.argv[1:3]]
os.dup2(ends[0], 3)
os.dup2(ends[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """One tab of a headless browser; every console message and request is kept."""

    def __init__(self, profile: Path) -> None:
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        assert FOUND

        # Chromium reads commands from 3 and answers on 4.
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CONNECT, str(to_read), str(to_write), FOUND,
             "--headless=new", "--no-sandbox", "--disable-gpu",
             "--remote-debugging-pipe", "--hide-scrollbars", "--disable-dev-shm-usage",
             "--disable-background-networking", f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read)
        os.close(to_write)
        self._number, self._rest = 0, b""
        self.messages: list[dict[str, Any]] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = None
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._ask(f"{domain}.enable")

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        os.close(self._write)
        os.close(self._read)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._read, 1 << 20)
            if not part:
                raise RuntimeError("the browser went away")
            self._rest += part
        text, self._rest = self._rest.split(b"\0", 1)
        return json.loads(text)

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if getattr(self, "_session", None):
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(str(answer["error"]))
                return answer["result"]
            self.messages.append(answer)

    def open(self, path: Path, *, width: int, height: int = 900, dark: bool = False) -> None:
        """Open a file at a window size."""
        self.messages.clear()
        self._ask("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)  # fmt: skip
        scheme = "dark" if dark else "light"
        self._ask("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": scheme}])  # fmt: skip
        self._ask("Page.navigate", url=path.resolve().as_uri())
        while not any(m.get("method") == "Page.loadEventFired" for m in self.messages):
            self.messages.append(self._receive())

    def run(self, script: str) -> Any:
        """Return the value of a script."""
        answer = self._ask("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            self._ask("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def move(self, x: float, y: float) -> None:
        self._ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def requests(self) -> list[str]:
        """Return the addresses of all requests but the page itself."""
        sent = [m["params"]["request"]["url"] for m in self.messages
                if m.get("method") == "Network.requestWillBeSent"]  # fmt: skip
        return sent[1:]

    def complaints(self) -> list[str]:
        """Return console errors, exceptions and log entries."""
        found = []
        for m in self.messages:
            if m.get("method") == "Runtime.exceptionThrown":
                found.append(str(m["params"]))
            elif m.get("method") == "Log.entryAdded":
                found.append(str(m["params"]["entry"]["text"]))
            elif m.get("method") == "Runtime.consoleAPICalled":
                found.append(str(m["params"]["args"]))
        return found

    def screenshot(self, path: Path, *, whole: bool = True) -> None:
        answer = self._ask("Page.captureScreenshot", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def pdf(self, path: Path) -> None:
        answer = self._ask("Page.printToPDF", printBackground=True, paperWidth=8.27,
                           paperHeight=11.69)  # fmt: skip
        path.write_bytes(base64.b64decode(answer["data"]))
