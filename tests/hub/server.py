"""A Hub on this machine: as much of its protocol as publishing and loading datasets needs.

It keeps all in memory, lists the requests that it got, can be stopped and started again at the same
address, and does something else than it should with a request when it is told to (`Hub.on`).
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub.answers import ROUTES, Answer, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hub.repositories import Repository

    Action = Callable[[Callable[[], Answer]], Answer]


@dataclass
class Hub:
    """The server and what it keeps.

    Attributes:
        repositories: Name -> repository.
        objects: SHA-256 -> content of large files, committed or not.
        large: Whether Parquet files are stored as large files.
        requests: Kinds of requests so far, as in "commit" or "tree".
    """

    repositories: dict[str, Repository] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    large: bool = True
    requests: list[str] = field(default_factory=list)
    port: int = 0
    _actions: list[tuple[str, int, Action]] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _server: ThreadingHTTPServer | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        hub = self

        class Handler(_Handler):
            def answer(self, request: Request) -> Answer:
                return hub.answer(request)

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        serve = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        serve.daemon = True
        serve.start()

    def stop(self) -> None:
        """Go down: whoever connects is refused, until `start`."""
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()
        self._server = None

    def reset(self) -> None:
        """Start anew with nothing kept, nothing planned."""
        self.repositories.clear()
        self.objects.clear()
        self.requests.clear()
        self._actions.clear()
        self.large = True
        if self._server is None:
            self.start()

    def on(self, kind: str, action: Action, nth: int = 1) -> None:
        """Do something once, with the nth request of a kind from now on ("" for any kind).

        Args:
            kind: The kind of request.
            action: What to do; it gets a function that does what was asked for, and gives the
                answer.
            nth: Which request.
        """
        self._actions.append((kind, nth, action))

    def fail(self, kind: str, status: int = 501, nth: int = 1, *, done: bool = False) -> None:
        """Answer a request with an error once.

        Args:
            kind: The kind of request.
            status: The status; clients ask again by themselves after 500 and 502 to 504.
            nth: Which request of the kind.
            done: Whether what was asked for is done all the same, as when an answer is lost.
        """

        def action(handle: Callable[[], Answer]) -> Answer:
            if done:
                handle()
            return Answer(status, {"error": "as the test wants it"})

        self.on(kind, action, nth)

    def answer(self, request: Request) -> Answer:
        with self._lock:
            for kind, pattern, function in ROUTES:
                method, _, path = pattern.partition(" ")
                match = re.fullmatch(path, request.path)
                if match and request.method in method.split("|"):
                    self.requests.append(kind)
                    parts = [None if part is None else unquote(part) for part in match.groups()]
                    return self._acted(kind, partial(function, self, request, *parts))
        return Answer(404, {"error": f"no such address: {request.method} {request.path}"})

    def _acted(self, kind: str, handle: Callable[[], Answer]) -> Answer:
        waiting = []
        chosen = None
        for wanted, nth, action in self._actions:
            left = nth - (wanted in {"", kind})
            if left:
                waiting.append((wanted, left, action))
            else:
                chosen = action
        self._actions = waiting
        return handle() if chosen is None else chosen(handle)


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.0, one request a connection: so a Hub that goes down is down for everyone."""

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        request = Request(
            self.command, parts.path, parse_qs(parts.query), self.headers, self._body()
        )
        answer = self.answer(request)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.bytes)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.bytes)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def log_message(self, *args: object) -> None:
        """Say nothing."""
