"""What stands in for adapters: an interface of python-can's that a test holds in its hands, an
slcan adapter at the far end of a pseudo-terminal, and a server of socketcand.
"""

from __future__ import annotations

import os
import queue
import re
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, ClassVar

import can
from can.interfaces import BACKENDS

__all__ = ["FakeBus", "SlcanAdapter", "SocketcandServer", "fake_interface"]

FrameHeard = tuple[int, bytes]
"""Arbitration id and data."""


class FakeBus(can.BusABC):
    """An interface that is told by a test what happens to it.

    Attributes:
        made: those of a channel, in the order in which they were opened.
        failures: what opening a channel raises, one after another, before it works.
        arguments: what it was opened with.
        sent: what was sent, and through which method.
    """

    made: ClassVar[dict[str, list[FakeBus]]] = {}
    failures: ClassVar[dict[str, list[BaseException]]] = {}
    opening: ClassVar[dict[str, threading.Event]] = {}

    def __init__(self, channel: str, **arguments: Any) -> None:
        if (gate := self.opening.get(channel)) is not None:
            gate.wait(30)
        if failures := self.failures.get(channel):
            raise failures.pop(0)
        self.channel_info = channel
        self.arguments = arguments
        self.sent: list[can.Message] = []
        self.refuses: BaseException | None = None
        self.holds: threading.Event | None = None
        self.is_shut_down = False
        self._arriving: queue.SimpleQueue[can.Message | BaseException] = queue.SimpleQueue()
        super().__init__(channel)
        self.made.setdefault(channel, []).append(self)

    def arrive(self, *messages: can.Message | BaseException) -> None:
        """Somebody on the wire sends this, or reading it fails with that."""
        for message in messages:
            self._arriving.put(message)

    def send(self, msg: can.Message, timeout: float | None = None) -> None:
        if self.holds is not None:
            self.holds.wait(30)
        if self.refuses is not None:
            raise self.refuses
        self.sent.append(msg)

    def send_periodic(self, *arguments: Any, **more: Any) -> Any:
        raise AssertionError("nothing is sent past the gateway")

    def _recv_internal(self, timeout: float | None) -> tuple[can.Message | None, bool]:
        try:
            message = self._arriving.get(timeout=timeout)
        except queue.Empty:
            return None, False
        if isinstance(message, BaseException):
            raise message
        return message, True

    def shutdown(self) -> None:
        super().shutdown()
        self.is_shut_down = True

    @property
    def heard(self) -> list[FrameHeard]:
        """What was sent, as identifiers and data."""
        return [(message.arbitration_id, bytes(message.data)) for message in self.sent]


_channels = count()


@contextmanager
def fake_interface() -> Iterator[str]:
    """The name of a new channel of python-can's interface ``fake``."""
    BACKENDS["fake"] = (FakeBus.__module__, FakeBus.__name__)
    channel = f"fake{next(_channels)}"
    try:
        yield channel
    finally:
        FakeBus.made.pop(channel, None)
        FakeBus.failures.pop(channel, None)
        if gate := FakeBus.opening.pop(channel, None):
            gate.set()


class SlcanAdapter:
    """An slcan adapter at the far end of a pseudo-terminal, with a bus behind it.

    Attributes:
        commands: what it was told that is no frame, such as ``S6`` and ``O``.
    """

    def __init__(self, heard: Callable[[int, bytes], None]) -> None:
        self.commands: list[str] = []
        self._heard = heard
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        threading.Thread(target=self._read, daemon=True).start()

    def say(self, arbitration_id: int, data: bytes) -> None:
        """Somebody on the bus behind it sends a frame."""
        self.say_raw(f"t{arbitration_id:03X}{len(data)}{data.hex().upper()}\r".encode())

    def say_raw(self, text: bytes) -> None:
        os.write(self._master, text)

    def unplug(self) -> None:
        """Nobody is at the far end any more: the pseudo-terminal hangs up."""
        os.close(self._slave)
        os.close(self._master)

    def _read(self) -> None:
        buffer = b""
        while True:
            try:
                read = os.read(self._master, 4096)
            except OSError:
                return
            *lines, buffer = (buffer + read).split(b"\r")
            for line in lines:
                text = line.decode("ascii")
                if text.startswith("t"):
                    length = int(text[4])
                    self._heard(int(text[1:4], 16), bytes.fromhex(text[5 : 5 + 2 * length]))
                elif text:
                    self.commands.append(text)


class SocketcandServer:
    """A server that speaks as much of socketcand's protocol as python-can does, in raw mode."""

    def __init__(self, heard: Callable[[int, bytes], None], port: int = 0) -> None:
        self._heard = heard
        self._clients: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def say(self, arbitration_id: int, data: bytes) -> None:
        """Somebody on the bus behind it sends a frame."""
        self.say_raw(f"< frame {arbitration_id:03X} 1.000000 {data.hex().upper()} >".encode())

    def say_raw(self, text: bytes) -> None:
        for client in self._clients:
            client.sendall(text)

    def unplug(self) -> None:
        """The server is gone."""
        # Without this the accept that waits in the other thread would hold the port.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for client in self._clients:
            client.shutdown(socket.SHUT_RDWR)
            client.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        buffer = ""
        try:
            client.sendall(b"< hi >")
            while read := client.recv(4096):
                buffer += read.decode("ascii")
                while found := re.match(r"[^<]*<([^>]*)>", buffer):
                    buffer = buffer[found.end() :]
                    self._answer(client, found[1].split())
        except OSError:
            return

    def _answer(self, client: socket.socket, words: list[str]) -> None:
        if words[0] == "send":
            data = bytes(int(each, 16) for each in words[3:])
            self._heard(int(words[1], 16), data)
            return
        client.sendall(b"< ok >")
        if words[0] == "rawmode":
            self._clients.append(client)
