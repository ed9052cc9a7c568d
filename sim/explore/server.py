"""A page for one browser on this machine: loopback only, behind a token, with nothing else in it.

Requests must name this host (a page elsewhere that rebinds its name to 127.0.0.1 does not), carry
the token in their path, and, where they change something, carry it in a header that no other site's
form or script can set, from this page's own origin.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from functools import cached_property
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

from ..experiment import ExperimentError
from ..run.folder import RunError
from .drawing import stylesheet
from .whatif import PositionError, WhatIf

ADDRESS = "127.0.0.1"
_LONGEST = 1 << 16
_IDLE = 30.0


class Server(ThreadingHTTPServer):
    """The page of one experiment.

    Parameters
    ----------
    what_if
        The experiment with its sliders.
    port
        To listen on; 0 for any that is free.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, what_if: WhatIf, port: int = 0) -> None:
        self.what_if = what_if
        self.token = secrets.token_urlsafe(24)
        self.turn = threading.Lock()
        super().__init__((ADDRESS, port), _Handler)

    @property
    def address(self) -> str:
        """Where the browser finds the page, token included."""
        return f"http://{ADDRESS}:{self.server_port}/{self.token}/"

    @cached_property
    def hosts(self) -> frozenset[str]:
        """What a request may call this host."""
        return frozenset(f"{name}:{self.server_port}" for name in (ADDRESS, "localhost"))

    def page(self, nonce: str) -> str:
        """Return the page at the experiment's own values."""
        what_if = self.what_if
        start = [control.start for control in what_if.controls]
        with self.turn:
            view = what_if.view(start)
        data = {
            "token": self.token,
            "controls": [control.to_dict() for control in what_if.controls],
            "view": view.to_dict(),
        }
        here = files(__package__)
        parts = {
            "title": escape(what_if.experiment.title or what_if.experiment.name),
            "nonce": nonce,
            "style": here.joinpath("page.css").read_text("utf-8") + stylesheet(what_if.tiers),
            # Within a script element only "<" could end it.
            "data": json.dumps(data, allow_nan=False).replace("<", "\\u003c"),
            "script": here.joinpath("page.js").read_text("utf-8"),
        }
        text = here.joinpath("page.html").read_text("utf-8")
        first, *rest = text.split("{")
        return first + "".join(_filled(part, parts) for part in rest)


def _filled(part: str, parts: dict[str, str]) -> str:
    name, _, tail = part.partition("}")
    return parts[name] + tail


class _Handler(BaseHTTPRequestHandler):
    server: Server
    server_version = "creator-roi"
    sys_version = ""
    timeout = _IDLE

    def do_GET(self) -> None:
        """Send the page."""
        if not self._admitted():
            return
        if self.path != f"/{self.server.token}/":
            self._refuse(HTTPStatus.NOT_FOUND, "no such page")
            return
        nonce = secrets.token_urlsafe(16)
        self._send(HTTPStatus.OK, "text/html", self.server.page(nonce).encode(), nonce)

    def do_POST(self) -> None:
        """Send a view, or save the experiment."""
        if not self._admitted() or not self._ours():
            return
        action = self.path.removeprefix(f"/{self.server.token}/")
        if action not in ("view", "save"):
            self._refuse(HTTPStatus.NOT_FOUND, "no such page")
            return
        try:
            positions, hire = self._asked()
            with self.server.turn:
                what_if = self.server.what_if
                answer: dict[str, Any] = (
                    what_if.view(positions, hire=hire).to_dict()
                    if action == "view"
                    else {"path": str(what_if.save(positions, hire=hire))}
                )
        except PositionError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
        except ExperimentError as error:
            said = "; ".join(f"{fault.key} {fault.problem}" for fault in error.faults)
            self._refuse(HTTPStatus.BAD_REQUEST, f"Not possible: {said}.")
        except RunError as error:
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
        else:
            self._json(HTTPStatus.OK, answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep requests, and with them the token, out of the terminal."""

    def _admitted(self) -> bool:
        """Refuse what is not asked of this host, or without the token."""
        if self.headers.get("Host", "") not in self.server.hosts:
            self._refuse(HTTPStatus.FORBIDDEN, "this page is for this machine only")
            return False
        given = self.path.split("/")[1] if "/" in self.path else ""
        if not hmac.compare_digest(given.encode(), self.server.token.encode()):
            self._refuse(HTTPStatus.FORBIDDEN, "open the address that `sim explore` printed")
            return False
        return True

    def _ours(self) -> bool:
        """Refuse what another site's page sends."""
        origin = self.headers.get("Origin")
        given = self.headers.get("X-Token", "")
        own = {f"http://{host}" for host in self.server.hosts}
        if (origin is not None and origin not in own) or not hmac.compare_digest(
            given.encode(), self.server.token.encode()
        ):
            self._refuse(HTTPStatus.FORBIDDEN, "not from this page")
            return False
        return True

    def _asked(self) -> tuple[list[int], bool]:
        """Read positions and the switch from the body.

        Raises
        ------
        PositionError
            Where the body holds anything else.
        """
        try:
            length = int(self.headers.get("Content-Length", ""))
            if not 0 < length <= _LONGEST:
                raise ValueError
            body = json.loads(self.rfile.read(length))
            positions, hire = body["positions"], body["hire"]
            if not isinstance(positions, list) or not isinstance(hire, bool):
                raise TypeError
        except (ValueError, TypeError, KeyError, RecursionError):
            raise PositionError("the request is not one of this page") from None
        return positions, hire

    def _refuse(self, status: HTTPStatus, reason: str) -> None:
        self.close_connection = True
        self._json(status, {"error": reason})

    def _json(self, status: HTTPStatus, content: dict[str, Any]) -> None:
        text = json.dumps(content, allow_nan=False, ensure_ascii=False)
        self._send(status, "application/json", text.encode())

    def _send(self, status: HTTPStatus, kind: str, body: bytes, nonce: str = "") -> None:
        scripts = f"'nonce-{nonce}'" if nonce else "'none'"
        headers = {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": (
                f"default-src 'none'; script-src {scripts}; style-src {scripts}; "
                "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
        }
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
