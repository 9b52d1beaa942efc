"""The network of one transfer, which can be cut from outside and lets only so much in."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from evtui.station.files.transfers import TransferFailed

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["Wire", "read_all"]

BESIDE_BYTES = 1 << 20
"""What a server may send beside the file itself: heads, replies, the frames of chunks."""

CHUNK_BYTES = 1 << 16


class Wire:
    """Opens every socket of a transfer, so that cutting ends whatever waits on one of them.

    The libraries that speak over these sockets bound a line or a header, not how many of them
    come; what is received altogether is bounded here.

    Args:
        timeout: s for each wait on a socket.
    """

    def __init__(self, timeout: float) -> None:
        self._timeout = timeout
        self._left = BESIDE_BYTES
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._is_cut = False

    def connect(self, host: str, port: int) -> socket.socket:
        """A TCP connection.

        Raises:
            OSError: there is none to be had, or the wire is cut.
        """
        if not 0 < port < 1 << 16:
            raise OSError(f"{port} is no port")
        failure = OSError(f"{host} has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        ):
            sock = _Socket(family, kind, protocol)
            sock.received = self._received
            sock.settimeout(self._timeout)
            try:
                self._use(sock)
                sock.connect(address)
                self._use(sock)  # what is cut before it is connected, connects all the same
            except OSError as error:
                failure = error
                sock.close()
            else:
                return sock
        raise failure

    def secure(self, sock: socket.socket, host: str) -> socket.socket:
        """TLS over a connection, with the certificate of ``host`` checked.

        Raises:
            OSError: that cannot be had.
        """
        context = ssl.create_default_context()
        context.sslsocket_class = _TlsSocket
        tls = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
        assert isinstance(tls, _TlsSocket)
        tls.received = self._received
        self._use(tls)
        tls.do_handshake()
        return tls

    def allow(self, count: int) -> None:
        """Let so many bytes in beside those that always may come."""
        self._left += count

    def cut(self) -> None:
        """End every wait, and every one to come; harmless after the end."""
        with self._lock:
            self._is_cut = True
            for sock in self._sockets:
                with suppress(OSError):
                    # Not the method of a TLS socket, which takes its TLS from under the reader.
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close every socket."""
        with self._lock:
            for sock in self._sockets:
                sock.close()

    def _use(self, sock: socket.socket) -> None:
        with self._lock:
            if self._is_cut:
                sock.close()
                raise OSError("cut off")
            if sock not in self._sockets:
                self._sockets.append(sock)

    def _received(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise TransferFailed("the server sends on and on, and no file")


class _Socket(socket.socket):
    received: Callable[[int], None]

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0) -> int:
        count = super().recv_into(buffer, nbytes, flags)
        self.received(count)
        return count


class _TlsSocket(ssl.SSLSocket):
    received: Callable[[int], None]

    def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
        count = super().recv_into(buffer, nbytes, flags)
        self.received(count)
        return count


def read_all(read: Callable[[int], bytes], limit_bytes: int) -> bytes:
    """What ``read`` gives until it gives nothing.

    Raises:
        TransferFailed: that is more than ``limit_bytes``.
    """
    data = bytearray()
    while chunk := read(CHUNK_BYTES):
        data += chunk
        if len(data) > limit_bytes:
            raise TransferFailed(f"larger than {limit_bytes} bytes", final=True)
    return bytes(data)
