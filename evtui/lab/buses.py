"""The CAN bus of a charge point, as the settings say."""

from __future__ import annotations

from evtui.can_addresses import CanAddress
from evtui.canbus import SimulatedBus, TransmitQueue
from evtui.config import Settings
from evtui.events import EventStream
from evtui.runtime import LoopClock

__all__ = ["make_bus"]


def make_bus(
    settings: Settings,
    station: str,
    stream: EventStream,
    clock: LoopClock,
    *,
    usual: int,
    number: int,
    real: CanAddress | None,
) -> SimulatedBus:
    """A bus of the lab.

    Args:
        station: identity of the charge point.
        usual: bit/s where the settings say nothing: what its protocol is spoken at.
        number: among the buses of the lab, from 0.
        real: the bus outside that it is joined to; times and errors are then those of that one,
            and the lab's is ideal.
    """
    bitrate, data_bitrate = settings.can_rates(usual)
    if real is not None:
        bitrate = None
    return SimulatedBus(
        f"{station}/can",
        station,
        stream,
        clock,
        bitrate=bitrate,
        data_bitrate=data_bitrate,
        queue=TransmitQueue(settings.can_queue_depth, settings.can_queue, settings.can_overflow),
        recovers=settings.can_recovery == "automatic",
        number=number,
    )
