"""evtui as a python-can interface: ``can.Bus(interface="evtui", channel="lab")``.

The entry point ``can.interface`` in pyproject.toml names the class below, so every python-can
program of the process that holds a lab can join it without knowing anything of evtui: its bus is
chosen by a name, which may as well stand in python-can's configuration file or in
``CAN_INTERFACE`` and ``CAN_CHANNEL``.
"""

from __future__ import annotations

import can
from can.typechecking import AutoDetectedConfig, CanFilters, Channel

from evtui.canbus.published import FIRST_BUS, find, published
from evtui.canbus.python_can import LabBus

__all__ = ["PublishedBus"]


class PublishedBus(LabBus):
    """A :class:`~evtui.canbus.python_can.LabBus` that finds its bus by a name.

    Args:
        channel: ``lab`` for the bus of the first charge point, or the name of one, ``CP1/can``.
        can_filters: as in python-can.
        node: its name on the bus; default: ``python-can``, ``python-can-2``, ...
        bitrate: bit/s that the program expects; None for whatever the bus has.  One on which
            nothing takes time has none.

    Raises:
        can.CanInitializationError: no lab runs in this process, it has no such bus, the name of
            the node is taken, or the bus has another bit rate.
    """

    def __init__(
        self,
        channel: Channel = FIRST_BUS,
        can_filters: CanFilters | None = None,
        *,
        node: str | None = None,
        bitrate: int | None = None,
    ) -> None:
        try:
            bus = find(str(channel))
        except LookupError as error:
            raise can.CanInitializationError(f"evtui: {error}") from None
        # python-can takes numbers of its configuration files as text or as numbers.
        if bitrate is not None and bus.bitrate not in (0, int(bitrate)):
            raise can.CanInitializationError(
                f"evtui: {bus.name} runs at {bus.bitrate} bit/s, not at {bitrate}"
            )
        super().__init__(bus, node, can_filters)

    @staticmethod
    def _detect_available_configs() -> list[AutoDetectedConfig]:
        return [{"interface": "evtui", "channel": bus.name} for bus in published()]
