"""Real HTTP and FTP servers on loopback, each in a thread, for one test each."""

from __future__ import annotations

import logging
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pyftpdlib.authorizers import DummyAuthorizer  # type: ignore[import-untyped]
from pyftpdlib.handlers import FTPHandler  # type: ignore[import-untyped]
from pyftpdlib.servers import FTPServer  # type: ignore[import-untyped]

__all__ = ["HttpServer", "ftp_server", "http_server"]


class HttpServer:
    """A web server that holds files by path.

    Attributes:
        files: content by path; uploads land here.
        requests: method and path of each request.
        url: where it is, without a slash at the end.
        put: False and it knows GET and POST only.
        password: of user ``bob``; empty asks for none.
        short: bytes by which each answer ends too early.
        drip: True and a file comes a byte at a time, for ever.
        hung_up: set when a client went away from a file that dripped.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.requests: list[tuple[str, str]] = []
        self.url = ""
        self.put = True
        self.password = ""
        self.short = 0
        self.drip = False
        self.hung_up = threading.Event()


@contextmanager
def http_server(tls: tuple[Path, Path] | None = None) -> Iterator[HttpServer]:
    """A server while the block runs; ``tls``: files with its certificate and key."""
    state = HttpServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self._may():
                return
            data = state.files.get(self.path)
            if data is None:
                self._answer(404)
                return
            self._answer(200, len(data))
            if state.drip:
                self._drip()
                return
            self.wfile.write(data[: len(data) - state.short])

        def do_PUT(self) -> None:
            if not state.put:
                state.requests.append(("PUT", self.path))
                self._answer(405)
            elif self._may():
                self._take()

        def do_POST(self) -> None:
            if self._may():
                self._take()

        def log_message(self, *args: object) -> None:
            """Say nothing."""

        def _may(self) -> bool:
            state.requests.append((self.command, self.path))
            wanted = "Basic " + b64encode(f"bob:{state.password}".encode()).decode()
            if state.password and self.headers["Authorization"] != wanted:
                self._answer(401)
                return False
            return True

        def _take(self) -> None:
            state.files[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(201)

        def _answer(self, status: int, length: int = 0) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(length))
            self.end_headers()

        def _drip(self) -> None:
            try:
                while True:
                    self.wfile.write(b".")
                    time.sleep(0.01)
            except OSError:
                state.hung_up.set()

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            """Say nothing: a client that hangs up is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        state.url = state.url.replace("http", "https")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def ftp_server(folder: Path) -> Iterator[str]:
    """A server of ``folder`` for user ``bob`` with password ``hunter2``; gives ``host:port``."""
    logging.getLogger("pyftpdlib").setLevel(logging.CRITICAL)
    authorizer = DummyAuthorizer()
    authorizer.add_user("bob", "hunter2", str(folder), perm="elrw")

    class Handler(FTPHandler):  # type: ignore[misc]  # the library is untyped
        pass

    Handler.authorizer = authorizer
    Handler.auth_failed_timeout = 0.01
    server = FTPServer(("127.0.0.1", 0), Handler)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            server.serve_forever(timeout=0.01, blocking=False)
        server.close_all()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.address[1]}"
    finally:
        ended.set()
        thread.join()
