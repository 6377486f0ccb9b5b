"""A marketplace that is asked whether things are still true, and answers, or fails to, as it is told."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from uuid import uuid4

Answer = int | bytes | Literal["true", "false", "hang", "redirect", "huge"]


@dataclass(frozen=True)
class Asked:
    headers: dict[str, str]
    body: bytes

    @property
    def about(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Marketplace:
    port: int = 0
    scripts: dict[str, list[Answer]] = field(default_factory=dict)
    asked: dict[str, list[Asked]] = field(default_factory=dict)
    closing: threading.Event = field(default_factory=threading.Event)

    def answering(self, *script: Answer, secret: str = "") -> str:
        """An address whose questions meet the script in order; its last word is repeated."""
        path = f"/still-true/{uuid4().hex}?secret={secret}"
        self.scripts[path], self.asked[path] = list(script), []
        return f"http://127.0.0.1:{self.port}{path}"

    def questions(self, url: str) -> list[Asked]:
        return self.asked[self._path(url)]

    def from_now_on(self, url: str, answer: Answer) -> None:
        self.scripts[self._path(url)][:] = [answer]

    def _path(self, url: str) -> str:
        return url[url.index("/still-true/") :]


class Counter(BaseHTTPRequestHandler):
    """Where the marketplace is asked."""

    def __init__(self, market: Marketplace, *connection: Any) -> None:
        self._market = market
        super().__init__(*connection)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        script = self._market.scripts[self.path]
        self._market.asked[self.path].append(Asked({name.lower(): value for name, value in self.headers.items()}, body))
        self._answer(script.pop(0) if len(script) > 1 else script[0])

    def _answer(self, answer: Answer) -> None:
        match answer:
            case "true" | "false":
                self._say(200, f'{{"still_true": {answer}, "why": "as it is"}}'.encode())
            case int():
                self._say(answer, b'{"still_true": false}')
            case bytes():
                self._say(200, answer)
            case "hang":
                self._market.closing.wait(30)
            case "redirect":
                self._say(307, b"", Location=self._market.answering("false"))
            case "huge":
                self._say(200, b'{"still_true": false, "why": "' + b"x" * 5_000_000 + b'"}')

    def _say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True  # the caller has had enough

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def marketplace() -> Iterator[Marketplace]:
    market = Marketplace()

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Counter, market))
    server.daemon_threads = True
    market.port = server.server_port
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield market
    finally:
        market.closing.set()
        server.shutdown()
        server.server_close()
