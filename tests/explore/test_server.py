"""Who is let in: this machine, with the token, from the page itself; nobody else."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from typing import Any

import pytest


def ask(
    server: Any, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    sent = {"Host": f"127.0.0.1:{server.server_port}"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    text = body if isinstance(body, bytes) else json.dumps(body).encode() if body else None
    connection.request(method, path, text, sent)
    answer = connection.getresponse()
    result = answer.status, dict(answer.getheaders()), answer.read().decode()
    connection.close()
    return result


def state(server: Any, **moves: int) -> dict[str, Any]:
    positions = [c.start for c in server.what_if.controls]
    for place, by in moves.items():
        positions[int(place[1:])] += by
    return {"positions": positions, "hire": True}


def test_it_listens_on_loopback_only(server):
    assert server.socket.getsockname()[0] == "127.0.0.1"


def test_the_page_holds_itself_and_escapes_what_the_file_says(server):
    status, headers, page = ask(server, "GET", f"/{server.token}/")
    assert status == 200
    assert "Many &lt;small&gt; or few?" in page
    assert "<small>" not in page
    assert not re.search(r"(src|href)=", page)
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)
    assert nonce
    assert page.count(f'nonce="{nonce[1]}"') == 2
    assert headers["Cache-Control"] == "no-store"
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])
    assert len(data["controls"]) == len(server.what_if.controls)
    assert data["view"]["sentence"]


def test_a_move_changes_the_figures(server):
    path, key = f"/{server.token}/view", server.token
    _, _, first = ask(server, "POST", path, state(server), X_Token=key)
    status, _, second = ask(server, "POST", path, state(server, s0=40), X_Token=key)
    assert status == 200
    before, after = ({r[0]: r[1] for r in json.loads(t)["rows"]} for t in (first, second))
    assert int(after["creators"]) > int(before["creators"])


@pytest.mark.parametrize("file", [1_500], indirect=True)
def test_an_impossible_position_says_why(server):
    # A quarter of the budget does not pay the fixed cost.
    places = server.what_if.controls
    body = state(server) | {"positions": [0, *(c.start for c in places[1:])]}
    status, _, text = ask(server, "POST", f"/{server.token}/view", body, X_Token=server.token)
    assert status == 400
    error = json.loads(text)["error"]
    assert error.startswith(
        "Not possible: portfolio.micro.budget is used up before anybody is hired"
    )
    assert "small.toml" not in error


def test_saving_writes_beside_the_file_only(server, file):
    before = set(file.parent.iterdir())
    status, _, text = ask(
        server, "POST", f"/{server.token}/save", state(server, s0=9), X_Token=server.token
    )
    assert status == 200
    (new,) = set(file.parent.iterdir()) - before
    assert json.loads(text) == {"path": str(new)}


@pytest.mark.parametrize("host", ["evil.example", "", "127.0.0.1", "localhost:1", "[::1]:80"])
def test_other_names_of_this_host_are_refused(server, host):
    status, _, text = ask(server, "GET", f"/{server.token}/", Host=host)
    assert status == 403
    assert server.token not in text


@pytest.mark.parametrize("path", ["/", "/x/", "/view", "//", "/" + "a" * 32 + "/", "x"])
def test_without_the_token_there_is_nothing(server, path):
    status, _, text = ask(server, "GET", path)
    assert status == 403
    assert server.token not in text


def test_other_sites_cannot_ask(server, file):
    path, body = f"/{server.token}/save", state(server)
    before = set(file.parent.iterdir())
    # A form or a plain fetch of another site sets no header; one that does has another origin.
    assert ask(server, "POST", path, body)[0] == 403
    assert ask(server, "POST", path, body, X_Token="wrong")[0] == 403
    for origin in ("http://evil.example", "null", f"https://127.0.0.1:{server.server_port}"):
        assert ask(server, "POST", path, body, X_Token=server.token, Origin=origin)[0] == 403
    assert set(file.parent.iterdir()) == before
    own = f"http://127.0.0.1:{server.server_port}"
    assert ask(server, "POST", path, body, X_Token=server.token, Origin=own)[0] == 200


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b'{"positions": 3, "hire": true}', b'{"positions": [], "hire": true}',
        b'{"positions": [1e9], "hire": 1}', b"[" * 60_000, b"x" * 70_000,
    ],
    ids=["empty", "cut", "list", "number", "none", "wrong", "deep", "long"],
)  # fmt: skip
def test_anything_else_is_refused_in_a_line(server, body):
    status, _, text = ask(
        server, "POST", f"/{server.token}/view", body, X_Token=server.token,
        Content_Length=str(len(body)),
    )  # fmt: skip
    assert status == 400
    assert "\n" not in json.loads(text)["error"]


def test_other_pages_do_not_exist(server):
    assert ask(server, "GET", f"/{server.token}/../page.py")[0] == 404
    status, _, _ = ask(server, "POST", f"/{server.token}/x", state(server), X_Token=server.token)
    assert status == 404


def test_the_command_says_its_address_and_ends_with_ctrl_c(file):
    command = [sys.executable, "-m", "sim", "explore", str(file), "--no-browser"]
    process = subprocess.Popen(
        [*command, "--worlds", "1k"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # Where the tests run in the background, the shell has it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )  # fmt: skip
    assert process.stdout
    address = process.stdout.readline().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", address)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in stderr


def test_a_port_in_use_is_one_message(file):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "sim", "explore", str(file), "--no-browser", "--port", port,
             "--worlds", "1k"], capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"port {port}: ")
    assert "Traceback" not in done.stderr
