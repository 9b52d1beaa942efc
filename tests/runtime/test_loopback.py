"""Listening on loopback, and going on when file descriptors run out."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from evtui.runtime import loopback
from evtui.runtime.loopback import HOST, HOST_6, Listener, listen, listen_beside


def has_ipv6() -> bool:
    try:
        with socket.create_server((HOST_6, 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 on loopback here")


@needs_ipv6
def test_localhost_is_both_addresses_with_one_port() -> None:
    with listen(0) as first, listen_beside(first) or first as second:
        port = first.getsockname()[1]
        assert first.getsockname() == (HOST, port)
        assert second.getsockname()[:2] == (HOST_6, port)
        for host in (HOST, HOST_6):
            socket.create_connection((host, port)).close()


@needs_ipv6
def test_a_port_that_is_taken_on_the_other_address_is_not_taken_for_a_free_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: list[int] = []
    beside = loopback.listen_beside

    def twice_taken(listener: socket.socket) -> Listener | None:
        if len(taken) < 2:
            taken.append(listener.getsockname()[1])
            raise OSError(errno.EADDRINUSE, "address already in use")
        return beside(listener)

    monkeypatch.setattr(loopback, "listen_beside", twice_taken)
    with listen(0) as listener:
        assert listener.getsockname()[1] > 0
    assert len(taken) == 2


@needs_ipv6
def test_a_port_taken_on_the_other_address_is_an_error_that_names_it() -> None:
    with listen(0) as first:
        port = first.getsockname()[1]
        with (
            socket.create_server((HOST_6, port), family=socket.AF_INET6),
            pytest.raises(OSError, match=rf"cannot listen on \[::1\]:{port}: address already"),
        ):
            listen_beside(first)


@pytest.mark.parametrize("number", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
def test_without_ipv6_there_is_nothing_beside(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_socket: socket.socket, address: tuple[str, int]) -> None:
        if address[0] == HOST_6:
            raise OSError(number, os.strerror(number))
        bind(_socket, address)

    bind = socket.socket.bind
    monkeypatch.setattr(socket.socket, "bind", refuse)
    with listen(0) as first:
        assert listen_beside(first) is None


@contextmanager
def no_descriptors_left() -> Iterator[None]:
    """The process may open nothing more inside the block."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(map(int, os.listdir("/proc/self/fd")))
    with ExitStack() as fillers:
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 3, hard))
        try:
            while True:
                filler = os.open(os.devnull, os.O_RDONLY)
                fillers.callback(os.close, filler)
        except OSError:
            pass
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors in /proc")
async def test_without_descriptors_who_knocks_is_hung_up_on_and_afterwards_served() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    loop = asyncio.get_running_loop()
    complaints: list[str] = []
    loop.set_exception_handler(lambda _, context: complaints.append(context["message"]))
    shed: list[object] = []
    listener = listen(0)
    listener.shed = shed.append
    address = listener.getsockname()
    callers = [socket.socket() for _ in range(5)]
    async with await asyncio.start_server(greet, sock=listener):
        with no_descriptors_left():
            for caller in callers:
                caller.setblocking(False)
                await loop.sock_connect(caller, address)
                with suppress(ConnectionResetError):
                    assert await loop.sock_recv(caller, 10) == b""
            assert shed == [caller.getsockname() for caller in callers]
        reader, writer = await asyncio.open_connection(*address)
        assert await reader.read() == b"hello"
        writer.close()
    for caller in callers:
        caller.close()
    assert complaints == []
