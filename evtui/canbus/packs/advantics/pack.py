"""The generic EVSE interface of ADVANTICS as a pack."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from evtui.canbus.bus import SimulatedBus
from evtui.canbus.frame import Frame
from evtui.canbus.nodes import module_of
from evtui.canbus.packs.advantics.charger import advantics_chargers
from evtui.canbus.packs.advantics.codec import (
    FRAMES_KEPT,
    dbc_name,
    dbc_text,
    decode,
    decode_data,
    encode,
    pistol_of,
    sent_by_modules,
)
from evtui.canbus.packs.advantics.messages import (
    DcPowerControl,
    EmergencySource,
    EmergencyStop,
    Function,
    NewChargeSession,
    PowerModulesStatus,
)
from evtui.canbus.packs.advantics.modules import SLEW, WATCHDOG, AdvanticsModules
from evtui.canbus.packs.advantics.rack import AdvanticsRack
from evtui.canbus.packs.api import MalformedFrame, PowerUnit, ProtocolPack, Said, Speaker
from evtui.canbus.packs.sharing import ModuleRating
from evtui.events import CanFrame
from evtui.station import Charger

if TYPE_CHECKING:
    from cantools.database.can import Database

__all__ = ["PACK", "AdvanticsPack"]

LARGEST = 3276.7
"""A that a signed signal of 16 bits can say in tenths."""

_Content = PowerModulesStatus | DcPowerControl


class AdvanticsPack(ProtocolPack):
    """A charge controller and its power modules: cyclic, little-endian, 200 ms of patience.

    Args:
        rating: of each module.
        watchdog: s without a controller status after which modules stop.
        slew: V/s by which the free output moves.
    """

    name = "advantics"
    title = "ADVANTICS generic EVSE interface 3.6, cyclic"
    bitrate = 500_000
    extended = True
    dbc = Path(__file__).parent / "advantics.dbc"
    connectors_max = 8
    modules_max = 8
    cyclic_limits = True

    def __init__(
        self,
        rating: ModuleRating = ModuleRating(),  # noqa: B008 - it is frozen
        *,
        watchdog: float = WATCHDOG,
        slew: float = SLEW,
    ) -> None:
        self._rating = rating
        self._watchdog = watchdog
        self._slew = slew

    def decode(self, frame: Frame | CanFrame) -> Said | None:
        """See :class:`ProtocolPack`."""
        if not frame.extended or frame.remote or frame.error:
            return None
        return _said(frame.arbitration_id, frame.data)

    def speaker_of(self, arbitration_id: int, *, extended: bool) -> Speaker | None:
        """See :class:`ProtocolPack`."""
        pistol = pistol_of(arbitration_id) if extended else None
        if pistol is None:
            return None
        by_modules = sent_by_modules(arbitration_id)
        return Speaker(pistol, "module" if by_modules else "charge point")

    def reports(
        self, connector: int, current: float, like: Frame | CanFrame | None = None
    ) -> tuple[Frame, ...]:
        """See :class:`ProtocolPack`."""
        amperes = min(max(current, -LARGEST), LARGEST)
        status = None if like is None else _read(like)
        if not isinstance(status, PowerModulesStatus):
            status = PowerModulesStatus(400.0, 0.0, 25, 22, True, 510)
        return (encode(replace(status, current=amperes), connector),)

    def limits(
        self, connector: int, current: float, like: Frame | CanFrame | None = None
    ) -> tuple[Frame, ...]:
        """See :class:`ProtocolPack`; an order to transfer power, which the next cycle overrides."""
        amperes = min(max(current, -LARGEST), LARGEST)
        control = None if like is None else _read(like)
        if not isinstance(control, DcPowerControl):
            control = _transfer(float(self._rating.voltage_max), amperes)
        forged = replace(
            control,
            current_max=amperes,
            current_min=min(amperes, control.current_min) if control.ranged else amperes,
        )
        return (encode(forged, connector),)

    def orders(self, connector: int, *, run: bool) -> tuple[Frame, ...]:
        """See :class:`ProtocolPack`.

        To run is to wake the modules and have them transfer power; what stops them for more than
        a period is an emergency stop.
        """
        if run:
            transfer = _transfer(float(self._rating.voltage_max), self._rating.current_max)
            return encode(transfer, connector), encode(NewChargeSession(2, 1), connector)
        return (encode(EmergencyStop(EmergencySource.STATION), connector),)

    def chargers(
        self, bus: SimulatedBus, connectors: Iterable[int], *, modules: int = 1
    ) -> dict[int, Charger]:
        """See :class:`ProtocolPack`."""
        numbers = tuple(connectors)
        for number in numbers:
            self._check(number, modules)
        return {**advantics_chargers(bus, numbers)}

    def module(
        self, bus: SimulatedBus, unit: PowerUnit, *, connector: int = 1, modules: int = 1
    ) -> AdvanticsRack:
        """See :class:`ProtocolPack`."""
        self._check(connector, modules)
        rack = AdvanticsModules([self._rating] * modules, watchdog=self._watchdog, slew=self._slew)
        return AdvanticsRack(bus, unit, module_of(connector), connector, rack)

    def nodes(self, connector: int, *, modules: int = 1) -> tuple[str, ...]:
        """See :class:`ProtocolPack`; one, since a controller of their own speaks for all."""
        return (module_of(connector),)

    def dbc_for(self, connectors: int, modules: int) -> str:
        """See :class:`ProtocolPack`; modules have no messages of their own."""
        del modules
        return dbc_text(connectors)

    @cached_property
    def database(self) -> Database:
        """See :class:`ProtocolPack`: of every pistol that there may be."""
        from cantools.database.can import Database

        dbc = Database()
        dbc.add_dbc_string(dbc_text(self.connectors_max))
        return dbc

    def _check(self, connector: int, modules: int) -> None:
        if not 1 <= connector <= self.connectors_max:
            most = self.connectors_max
            raise ValueError(f"advantics has connectors 1 to {most}, not {connector}")
        if not 1 <= modules <= self.modules_max:
            most = self.modules_max
            raise ValueError(f"advantics has 1 to {most} modules a connector, not {modules}")


def _transfer(voltage: float, amperes: float) -> DcPowerControl:
    return DcPowerControl(
        voltage, amperes, amperes, Function.POWER_TRANSFER, contactors_closed=True
    )


def _read(frame: Frame | CanFrame) -> object:
    try:
        message = decode(frame)
    except MalformedFrame:
        return None
    return None if message is None else message.content


@lru_cache(FRAMES_KEPT)
def _said(arbitration_id: int, data: bytes) -> Said | None:
    message = decode_data(arbitration_id, data)
    if message is None:
        return None
    pistol, content = message
    by_modules = sent_by_modules(arbitration_id)
    said = Said(dbc_name(arbitration_id), pistol, "module" if by_modules else "charge point")
    match content:
        case PowerModulesStatus(voltage, current):
            return replace(said, current=current, voltage=voltage)
        case DcPowerControl(voltage, current_max, function=function):
            run = function == Function.POWER_TRANSFER
            limit = current_max if run else None
            return replace(said, limit=limit, voltage_limit=voltage, run=run)
        case EmergencyStop():
            return replace(said, run=False)
        case _:
            return said


PACK = AdvanticsPack()
"""The pack, as the vendor sets it up."""
