"""Files over FTP, in passive mode."""

from __future__ import annotations

import ftplib
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import unquote

from evtui.station.files.exchange import Wire, read_all
from evtui.station.files.place import FilePlace

__all__ = ["download", "upload"]


def download(place: FilePlace, wire: Wire, limit_bytes: int) -> bytes:
    """RETR.

    Raises:
        Exception: of any kind that sockets and :mod:`ftplib` have.
    """
    with _session(place, wire) as ftp:
        with ftp.data(f"RETR {_path(place)}") as connection:
            wire.allow(limit_bytes)
            with connection.makefile("rb") as file:
                data = read_all(file.read1, limit_bytes)
        ftp.voidresp()  # 226, or what was wrong
        return data


def upload(place: FilePlace, wire: Wire, data: bytes) -> None:
    """STOR.

    Raises:
        Exception: of any kind that sockets and :mod:`ftplib` have.
    """
    with _session(place, wire) as ftp:
        with ftp.data(f"STOR {_path(place)}") as connection:
            connection.sendall(data)
        ftp.voidresp()


@contextmanager
def _session(place: FilePlace, wire: Wire) -> Iterator[_Ftp]:
    with closing(_Ftp(place, wire)) as ftp:
        ftp.begin()
        ftp.login(place.user, place.password)
        ftp.voidcmd("TYPE I")
        yield ftp
        with suppress(OSError):
            ftp.putcmd("QUIT")  # and no wait for an answer: the file is there


class _Ftp(ftplib.FTP):
    """FTP over a wire; nothing is connected before :meth:`begin`."""

    def __init__(self, place: FilePlace, wire: Wire) -> None:
        super().__init__()
        self._place = place
        self._wire = wire

    def begin(self) -> None:
        """Connect, and hear the greeting."""
        sock = self._wire.connect(self._place.host, self._place.port or ftplib.FTP_PORT)
        self.sock = sock
        self.af = sock.family
        self.file = sock.makefile("r", encoding="utf-8", errors="replace")
        self.welcome = self.getresp()

    def data(self, command: str) -> socket.socket:
        """The connection over which the file of ``command`` goes.

        Only the port of the server's answer is used, its address may be somebody else's.
        """
        host, port = self.makepasv()
        connection = self._wire.connect(host, port)
        answer = self.sendcmd(command)
        if answer[0] == "2":  # some say first that they have heard of it
            answer = self.getresp()
        if answer[0] != "1":
            raise ftplib.error_reply(answer)
        return connection


def _path(place: FilePlace) -> str:
    """Relative to where the login leads (RFC 1738 section 3.2.2)."""
    return unquote(place.path.removeprefix("/"))
