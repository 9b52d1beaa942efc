"""Servers on loopback that lie, drip, fall silent or never end, and see whether a client left."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import MappingProxyType

__all__ = ["Ftp", "HostileServer", "answering", "dripping", "hostile", "repeating"]

Behaviour = Callable[[socket.socket], None]


class HostileServer:
    """Where it is, and how many of its connections clients have ended.

    Attributes:
        place: ``host:port``.
        begun: connections that came.
        ended: those whose client hung up.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self.begun = 0
        self.ended = 0


@contextmanager
def hostile(behave: Behaviour) -> Iterator[HostileServer]:
    """A server that does ``behave`` with each connection, then listens until the client left."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = HostileServer(f"127.0.0.1:{listener.getsockname()[1]}")
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with connection:
            with suppress(OSError):
                behave(connection)
            with suppress(OSError):
                while connection.recv(1 << 16):
                    pass
        server.ended += 1

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.settimeout(30)
                server.begun += 1
                thread = threading.Thread(target=serve, args=(connection,), name="hostile")
                threads.append(thread)
                thread.start()

    acceptor = threading.Thread(target=accept, name="hostile")
    acceptor.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        acceptor.join()
        listener.close()
        for thread in threads:
            thread.join()


def answering(answer: bytes) -> Behaviour:
    """Say ``answer``, and nothing more; the connection stays open."""
    return lambda connection: connection.sendall(answer)


def repeating(first: bytes, then: bytes) -> Behaviour:
    """Say ``first``, and then ``then`` for ever, as fast as it goes."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(first)
        many = then * (1 + (1 << 16) // len(then))
        while True:
            connection.sendall(many)

    return behave


def dripping(first: bytes, then: bytes) -> Behaviour:
    """Say ``first``, and then ``then`` for ever, slowly."""

    def behave(connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(then)
            time.sleep(0.01)

    return behave


class Ftp:
    """An FTP server that does as it should, but for what it is told to do.

    Args:
        data: done with the data connection.
        replies: said to these commands instead.
        address: host given for data connections, with commas.
    """

    def __init__(
        self,
        data: Behaviour,
        replies: Mapping[str, Behaviour | bytes] = MappingProxyType({}),
        *,
        address: str = "127,0,0,1",
    ) -> None:
        self._data = data
        self._address = address
        self._replies: dict[str, Behaviour | bytes] = {
            "USER": b"331 and?\r\n",
            "PASS": b"230 in\r\n",
            "TYPE": b"200 so be it\r\n",
            "RETR": b"150 comes\r\n",
            "STOR": b"150 come on\r\n",
            "QUIT": b"",
            **replies,
        }

    def __call__(self, control: socket.socket) -> None:
        """One session."""
        with socket.create_server(("127.0.0.1", 0)) as listener, control.makefile("rb") as lines:
            listener.settimeout(30)
            port = listener.getsockname()[1]
            control.sendall(b"220 hello\r\n")
            for line in lines:
                command = line[:4].strip().decode()
                reply = self._replies.get(command)
                if callable(reply):
                    reply(control)
                elif reply is not None:
                    control.sendall(reply)
                elif command == "PASV":
                    where = f"{self._address},{port >> 8},{port & 255}"
                    control.sendall(f"227 at ({where})\r\n".encode())
                if command in ("RETR", "STOR"):
                    connection, _ = listener.accept()
                    connection.settimeout(30)
                    with connection, suppress(OSError):
                        self._data(connection)
                    control.sendall(b"226 done\r\n")
