"""Opening a CAN interface of python-can's, and saying in one line why it cannot be opened.

What is opened may block for seconds and raise anything at all, ``NameError`` of a missing vendor
library included, so this belongs into a thread, and every ``Exception`` is taken.
"""

from __future__ import annotations

import logging
import os
import socket
from typing import Any

import can

from evtui.can_addresses import CanAddress
from evtui.nearest import did_you_mean

__all__ = [
    "CannotOpen",
    "acknowledges",
    "arguments_of",
    "has_gone",
    "interface_mistake",
    "one_line",
    "open_interface",
]

CHECK_WITHIN = 3.0
"""s to reach the server of a socketcand before python-can is let near it."""

LONGEST = 160

_NEEDS = {
    "serial": "pyserial",
    "msgpack": "msgpack",
    "usb": "pyusb",
    "gs_usb": "gs-usb",
}
"""What to install, by the module that python-can misses."""

_SILENT: dict[str, dict[str, object]] = {
    "slcan": {"listen_only": True},
    "kvaser": {"driver_mode": False},
    "pcan": {"state": can.BusState.PASSIVE},
}
"""How an adapter is told not to acknowledge frames either, where python-can has a way."""


_BETTER: dict[str, dict[str, Any]] = {
    "slcan": {"timeout": 0.05},
}
"""Options that are better than python-can's own: its 1 ms is a thousand wake-ups a second."""


class CannotOpen(Exception):
    """An interface cannot be opened; the text is one line for people."""


def interface_mistake(address: CanAddress) -> str:
    """What is wrong with an address before anything is opened; empty for nothing."""
    if address.interface not in can.VALID_INTERFACES:
        near = did_you_mean(address.interface, can.VALID_INTERFACES)
        names = ", ".join(sorted(can.VALID_INTERFACES))
        return f"python-can has no interface {address.interface!r}{near or f'; it has {names}'}"
    if address.interface == "evtui":
        return "evtui:... is the lab's own bus; python-can programs open it, the lab does not"
    if address.interface == "socketcand":
        try:
            _server(address)
        except CannotOpen as error:
            return str(error)
    return ""


def arguments_of(address: CanAddress, *, listen_only: bool) -> dict[str, Any]:
    """What ``can.Bus`` is called with.

    Args:
        listen_only: the adapter is told to stay silent on the wire, where there is a way.
    """
    given = dict(_BETTER.get(address.interface, {}))
    given |= {name: _value(text) for name, text in address.options}
    if address.bitrate is not None:
        given["bitrate"] = address.bitrate
    if listen_only:
        given |= _SILENT.get(address.interface, {})
    return {"interface": address.interface, "channel": address.channel, **given}


def acknowledges(address: CanAddress) -> bool:
    """True for an interface that cannot be told from here to leave acknowledging to others."""
    virtual = ("virtual", "udp_multicast", "socketcand")
    return address.interface not in _SILENT and address.interface not in virtual


def open_interface(address: CanAddress, *, listen_only: bool) -> can.BusABC:
    """Open it; may block for seconds.

    Raises:
        CannotOpen: for whatever reason.
    """
    # It says in hundreds of thousands of lines that a server is not there, for example.
    logging.getLogger("can").setLevel(logging.CRITICAL)
    try:
        if address.interface == "socketcand":
            _reach(*_server(address))
        given = arguments_of(address, listen_only=listen_only)
        return can.Bus(**given, ignore_config=True)
    except CannotOpen:
        raise
    except Exception as error:  # see above
        raise CannotOpen(one_line(error)) from error


def _server(address: CanAddress) -> tuple[str, int]:
    options = dict(address.options)
    host, port = options.get("host", ""), options.get("port", "")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise CannotOpen("socketcand needs the server: socketcand:can0,host=127.0.0.1,port=29536")
    return host, int(port)


def _reach(host: str, port: int) -> None:
    """Find out whether a server listens.

    python-can 4.6.1 asks a server that refuses again and again for 10 s, without a pause.
    """
    try:
        socket.create_connection((host, port), CHECK_WITHIN).close()
    except OSError as error:
        raise CannotOpen(f"{host}:{port}: {_reason(error)}") from None


def has_gone(bus: can.BusABC) -> str:
    """Why nothing will ever come from an open interface any more; empty while something may.

    python-can 4.6.1 reads on at full speed from a socketcand that has closed the connection.
    """
    connection = getattr(bus, "_SocketCanDaemonBus__socket", None)
    if not isinstance(connection, socket.socket):
        return ""
    try:
        waiting = connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return ""
    except OSError as error:
        return _reason(error)
    return "" if waiting else "the server has closed the connection"


def one_line(error: BaseException) -> str:
    """An error as one line, with what to do about it where that is known."""
    missing = _missing(error)
    if missing:
        package = _NEEDS.get(missing, missing)
        return f"the package {package} is missing: pip install {package}"
    if isinstance(error, NameError):
        return f"the driver of the adapter is not installed ({error})"
    for each in _chain(error):
        if isinstance(each, OSError) and each.errno is not None:
            return _reason(each)
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _missing(error: BaseException) -> str:
    """The Python module that an interface of python-can's needs; empty when that is not it."""
    for each in _chain(error):
        if isinstance(each, ModuleNotFoundError) and each.name:
            return each.name.partition(".")[0]
    if isinstance(error, can.CanInterfaceNotImplementedError):
        text = str(error)
        for module in _NEEDS:
            if text.startswith(f"The {module} module is not installed") or text == (
                f"{module} not installed"
            ):
                return module
        _, found, name = text.partition("No module named '")
        if found:
            return name.partition("'")[0].partition(".")[0]
    return ""


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _reason(error: OSError) -> str:
    """The system's words for what went wrong: libraries wrap them in several of their own."""
    if error.errno is not None:
        return os.strerror(error.errno).lower()
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return " ".join(str(error).split()).lower()


def _value(text: str) -> object:
    """An option's value as python-can's own command line takes it."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
