"""The live feed: every event as one JSON line as it happens, for other programs to follow.

The first line says what the lines conform to: ``{"event":"Feed","schema":"evtui.events/1"}``.

A regular file gets every event before the lab goes on.  Whatever may be slow - a pipe, a
terminal, a reader at a socket - is written to by a thread from a bounded mailbox, so it never
holds up the lab; what does not fit pushes out the oldest, and the stream says how many lines
are missing where they would have been: ``{"event":"Dropped","count":12}``.  It says so once in a
second of lab time at most: those that are missing in between count in the next line.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from abc import ABC, abstractmethod
from collections.abc import Container

from evtui.escaping import for_json
from evtui.events import Event
from evtui.feed.pump import BEGIN, Encode, FeedReader, Gaps, Pump
from evtui.recording.write import RecordingAllowance, Redactor, event_line

__all__ = ["Feed", "FeedError", "open_feed"]

SOCKET_PREFIX = "unix:"
STANDARD_OUTPUT = "-"


class FeedError(Exception):
    """A feed cannot be opened, or has ended; its text is one line."""


class Feed(ABC):
    """Where events go as lines of JSON."""

    @abstractmethod
    def on_event(self, event: Event) -> None:
        """Pass ``event`` on; a subscriber of the stream, on the engine's thread.

        Raises:
            FeedError: a file cannot be written any more; it ends in a whole line.
        """

    @abstractmethod
    def close(self, within: float = 2.0) -> None:
        """End the feed; readers get up to ``within`` s to take what is still here for them."""

    @property
    @abstractmethod
    def dropped(self) -> int:
        """Events that are missing: readers were too slow, or peers sent too much."""

    @property
    @abstractmethod
    def failure(self) -> str:
        """One line about why it ended early; empty where it did not."""


def open_feed(
    destination: str,
    redactor: Redactor | None = None,
    *,
    in_terminal: bool = False,
    ours: Container[str] | None = None,
) -> Feed:
    """Open a feed.

    Args:
        destination: a file that is not there yet or empty; a FIFO or another device; ``-``
            for standard output; ``unix:PATH`` to listen on a socket, where up to 16 readers
            come and go and get events from then on.
        redactor: takes out what must not be seen; without one nothing is hidden but secrets.
        in_terminal: True when the terminal belongs to the app.
        ours: charge points of the lab that are connected to its own central system; what
            others send in a flood is left out in part.  None passes everything on.

    Raises:
        FeedError: it cannot be opened; the text names the place and the way out.
    """
    redactor = redactor or Redactor()

    def encode(event: Event) -> bytes:
        return for_json(event_line(event, redactor)).encode()

    feed = _open(destination, encode, in_terminal=in_terminal)
    return feed if ours is None else _BoundedFeed(feed, RecordingAllowance(ours))


def _open(destination: str, encode: Encode, *, in_terminal: bool) -> Feed:
    if destination.startswith(SOCKET_PREFIX):
        path = destination.removeprefix(SOCKET_PREFIX)
        listener, identity = _listen(path)
        return _PumpedFeed(Pump(encode, listener=listener), destination, (path, identity))
    if destination != STANDARD_OUTPUT:
        return _open_path(destination, encode, in_terminal=in_terminal)
    if in_terminal:
        raise FeedError("events to -: the app is there; name a file or unix:PATH")
    try:
        descriptor = os.dup(1)
    except OSError:
        raise FeedError("events to -: standard output is closed; name a file") from None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return _FileFeed(encode, descriptor, "standard output")
    return _PumpedFeed(Pump(encode, FeedReader(descriptor)), "standard output")


def _open_path(path: str, encode: Encode, *, in_terminal: bool) -> Feed:
    try:
        kind = os.stat(path)
    except FileNotFoundError:
        return _FileFeed(encode, _create(path), path)
    except (OSError, ValueError) as error:
        raise _refusal(path, error) from None
    mode = kind.st_mode
    if stat.S_ISREG(mode):
        if kind.st_size:
            raise FeedError(f"events to {path}: there is something in it; name another file")
        return _FileFeed(encode, _create(path), path)
    if stat.S_ISFIFO(mode):
        if not os.access(path, os.W_OK):
            raise FeedError(f"events to {path}: permission denied")
        return _PumpedFeed(Pump(encode, FeedReader(None, reopen=lambda: _open_waiting(path))), path)
    if stat.S_ISCHR(mode):
        if in_terminal and kind.st_rdev in _our_terminal():
            raise FeedError(f"events to {path}: the app is there; name a file or unix:PATH")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            raise _refusal(path, error) from None
        return _PumpedFeed(Pump(encode, FeedReader(descriptor)), path)
    if stat.S_ISSOCK(mode):
        raise FeedError(f"events to {path}: is a socket; unix:PATH listens on one")
    raise FeedError(f"events to {path}: expected a file, a FIFO or a device")


def _create(path: str) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    except (OSError, ValueError) as error:
        raise _refusal(path, error) from None


def _open_waiting(path: str) -> int | None:
    """A descriptor for a FIFO that somebody reads, None where nobody does."""
    try:
        return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def _our_terminal() -> set[int]:
    """Device numbers of the terminal the app is shown on."""
    found = set()
    for place in (1, "/dev/tty"):
        with contextlib.suppress(OSError):
            found.add(os.stat(place).st_rdev)
    return found


def _listen(path: str) -> tuple[socket.socket, tuple[int, int]]:
    """A listening socket that only its owner may join, and the identity of its file."""
    place = f"events to {SOCKET_PREFIX}{path}"
    if not path:
        raise FeedError(f"{place}: expected a path, as in unix:events.sock")
    listener = socket.socket(socket.AF_UNIX)
    try:
        _remove_stale(path, place)
        listener.bind(path)
        # Nobody can join before it listens.
        os.chmod(path, 0o600)
        listener.listen()
        listener.setblocking(False)
        made = os.lstat(path)
    except (OSError, ValueError) as error:
        listener.close()
        raise FeedError(f"{place}: {_why(error)}") from None
    except FeedError:
        listener.close()
        raise
    return listener, (made.st_dev, made.st_ino)


def _remove_stale(path: str, place: str) -> None:
    """Take away a socket that nobody listens on; raises FeedError for anything else."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise FeedError(f"{place}: is there already and no socket; name another path")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
            return
    raise FeedError(f"{place}: another program listens there; name another path")


def _refusal(path: str, error: Exception) -> FeedError:
    return FeedError(f"events to {path}: {_why(error)}")


def _why(error: Exception) -> str:
    strerror = getattr(error, "strerror", None) or str(error)
    text = str(strerror)
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


class _FileFeed(Feed):
    """A regular file: written before the lab goes on, so it is complete at every moment."""

    def __init__(self, encode: Encode, descriptor: int, name: str) -> None:
        self._encode = encode
        self._gaps = Gaps()
        self._descriptor = descriptor
        self._name = name
        self._failure = ""
        self._write(BEGIN)

    def on_event(self, event: Event) -> None:
        self._write(self._gaps.before(event) + self._encode(event))

    def _write(self, line: bytes) -> None:
        written = 0
        try:
            while written < len(line):
                written += os.write(self._descriptor, line[written:])
        except OSError as error:
            self._failure = f"events to {self._name}: {_why(error)}"
            with contextlib.suppress(OSError):
                end = os.lseek(self._descriptor, -written, os.SEEK_CUR)
                os.ftruncate(self._descriptor, end)
            raise FeedError(self._failure) from None

    def close(self, within: float = 2.0) -> None:
        with contextlib.suppress(FeedError):  # it would have been said before
            self._write(self._gaps.rest())
        os.close(self._descriptor)

    @property
    def dropped(self) -> int:
        return 0

    @property
    def failure(self) -> str:
        return self._failure


class _BoundedFeed(Feed):
    """Leaves out what peers send too much of; the feed says how many lines are missing."""

    def __init__(self, feed: Feed, allowance: RecordingAllowance) -> None:
        self._feed = feed
        self._allowance = allowance
        self._left_out = 0

    def on_event(self, event: Event) -> None:
        if self._allowance.takes(event):
            self._feed.on_event(event)
        else:
            self._left_out += 1

    def close(self, within: float = 2.0) -> None:
        self._feed.close(within)

    @property
    def dropped(self) -> int:
        return self._feed.dropped + self._left_out

    @property
    def failure(self) -> str:
        return self._feed.failure


class _PumpedFeed(Feed):
    """Readers that may be slow.

    Args:
        name: of where they go.
        made: path of the socket that is listened on, and its identity.
    """

    def __init__(
        self, pump: Pump, name: str, made: tuple[str, tuple[int, int]] | None = None
    ) -> None:
        self._pump = pump
        self._name = name
        self._made = made

    def on_event(self, event: Event) -> None:
        self._pump.put(event)
        if self._pump.failure is not None:
            raise FeedError(self.failure)

    def close(self, within: float = 2.0) -> None:
        self._pump.close(within)
        if self._made is not None:
            path, identity = self._made
            with contextlib.suppress(OSError):
                found = os.lstat(path)
                if (found.st_dev, found.st_ino) == identity:  # not one that came after ours
                    os.unlink(path)

    @property
    def dropped(self) -> int:
        return self._pump.dropped

    @property
    def failure(self) -> str:
        error = self._pump.failure
        return "" if error is None else f"events to {self._name}: {_why(error)}"
