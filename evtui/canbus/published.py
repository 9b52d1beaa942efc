"""The buses of the labs that run in this process, by the names under which others find them.

python-can's entry point hands over a name, not an object: ``can.Bus(interface="evtui",
channel="lab")``.  Any thread may look.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from evtui.canbus.bus import SimulatedBus

__all__ = ["FIRST_BUS", "find", "publish", "published"]

FIRST_BUS = "lab"
"""Names the bus of the first charge point, where one lab runs."""

_lock = threading.Lock()
_labs: list[tuple[SimulatedBus, ...]] = []


def publish(buses: Iterable[SimulatedBus]) -> Callable[[], None]:
    """Let the buses of a lab be found from now on.

    Args:
        buses: in the order of their charge points, at least one.

    Returns:
        What withdraws them.
    """
    lab = tuple(buses)
    with _lock:
        _labs.append(lab)

    def withdraw() -> None:
        with _lock:
            # Two labs may have equal buses in no sense but identity.
            _labs[:] = [each for each in _labs if each is not lab]

    return withdraw


def published() -> list[SimulatedBus]:
    """Every bus that can be joined now, lab by lab."""
    return [bus for lab in _running() for bus in lab]


def find(name: str) -> SimulatedBus:
    """The bus of that name.

    Args:
        name: :data:`FIRST_BUS`, or a bus as it is called in recordings, ``CP1/can``.

    Raises:
        LookupError: no lab runs here, none of its buses is called so, or several are; one line
            with the way out.
    """
    labs = _running()
    if not labs:
        raise LookupError(
            "no lab runs in this process; the lab of another one is reached over its --can, "
            "such as udp_multicast"
        )
    if name == FIRST_BUS and len(labs) == 1:
        return labs[0][0]
    buses = [bus for lab in labs for bus in lab]
    found = [bus for bus in buses if bus.name == name]
    if len(found) == 1:
        return found[0]
    if name == FIRST_BUS or found:
        raise LookupError(
            f"{len(labs)} labs run in this process, so {name!r} is no name of one bus; join it "
            "with evtui.canbus.LabBus(lab.stands[...].bus, ...)"
        )
    names = ", ".join([FIRST_BUS, *(bus.name for bus in buses)])
    raise LookupError(f"no bus is called {name!r}; there are {names}")


def _running() -> list[tuple[SimulatedBus, ...]]:
    with _lock:
        labs = list(_labs)
    return [lab for lab in labs if not any(bus.closed or bus.loop.is_closed() for bus in lab)]
