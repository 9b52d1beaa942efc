"""Listening on loopback, 127.0.0.1 and ::1, and going on when file descriptors run out."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

__all__ = ["HOST", "HOST_6", "Listener", "listen", "listen_at", "listen_beside"]

HOST = "127.0.0.1"
HOST_6 = "::1"

BACKLOG = 4_096
"""Connections that may wait to be accepted; Linux takes less where ``somaxconn`` says so."""

PORTS_TRIED = 100
"""Free ports of 127.0.0.1 looked at for one that is free on ::1 too."""

_NO_FILES = (errno.EMFILE, errno.ENFILE)
_NO_IPV6 = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT)


class Listener(socket.socket):
    """A listening socket for an asyncio server, better in two things than a plain one.

    The number that asyncio gives to :meth:`listen` is also how many connections it accepts
    before anything else has its turn; here the queue is long and the turns stay short.

    When no file descriptor is left, asyncio leaves who knocks waiting, tries again each second,
    as often as the queue is long, and says so each time.  Here one descriptor is kept in
    reserve: it accepts them, and hangs up on them.

    Attributes:
        shed: told the address of each that was hung up on.
    """

    shed: Callable[[Any], None] | None = None
    _spare: int | None = None

    def listen(self, _: int = BACKLOG) -> None:
        super().listen(BACKLOG)
        self._keep_spare()

    def accept(self) -> tuple[socket.socket, Any]:
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in _NO_FILES or self._spare is None:
                raise
        os.close(self._spare)
        self._spare = None
        try:
            connection, address = super().accept()
            connection.close()
        finally:
            self._keep_spare()
        if self.shed is not None:
            self.shed(address)
        raise BlockingIOError(errno.EAGAIN, "hung up for want of file descriptors")

    def close(self) -> None:
        super().close()
        if self._spare is not None:
            os.close(self._spare)
            self._spare = None

    def _keep_spare(self) -> None:
        if self._spare is None:
            try:
                self._spare = os.open(os.devnull, os.O_RDONLY)
            except OSError:  # another thread was faster; asyncio's own way has to do
                return


def listen(port: int) -> Listener:
    """A socket that listens on 127.0.0.1.

    It listens at once: two sockets with SO_REUSEADDR may both bind a port that nobody listens
    on yet, so a bind alone would not find out that the port is taken.

    Args:
        port: 0 takes one that is free, on ::1 too.

    Raises:
        OSError: the port cannot be had.
    """
    for _ in range(PORTS_TRIED):
        listener = _listen(socket.AF_INET, HOST, port)
        if port != 0:
            break
        try:
            beside = listen_beside(listener)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                listener.close()
                continue
        else:
            if beside is not None:
                beside.close()
        break
    else:
        raise OSError(errno.EADDRINUSE, f"no port is free on both {HOST} and {HOST_6}")
    return listener


def listen_at(host: str, port: int) -> Listener:
    """A socket that listens at an address of this machine; a host name takes its first one.

    Args:
        port: 0 takes one that is free.

    Raises:
        OSError: it cannot be had.
    """
    try:
        family, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        why = str(error.strerror or error).lower()
        raise OSError(errno.EADDRNOTAVAIL, f"cannot listen on {host}: {why}") from None
    return _listen(family, host, port)


def listen_beside(listener: socket.socket) -> Listener | None:
    """A socket on ::1 with the port of one on 127.0.0.1; None where there is no IPv6.

    ``localhost`` is either, and whoever looks it up takes what comes first.

    Raises:
        OSError: the port is taken there.
    """
    try:
        return _listen(socket.AF_INET6, HOST_6, listener.getsockname()[1])
    except OSError as error:
        if error.errno in _NO_IPV6:
            return None
        raise


def _listen(family: socket.AddressFamily, host: str, port: int) -> Listener:
    # Named TCP, or asyncio leaves Nagle's algorithm on: an answer could wait for 40 ms.
    listener = Listener(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # where it would share a port that somebody listens on
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as error:
        listener.close()
        why = (error.strerror or str(error)).lower()
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        raise OSError(error.errno, f"cannot listen on {place}: {why}") from None
    return listener
