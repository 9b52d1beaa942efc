"""INFY V1.13 as a pack."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from evtui.canbus.bus import SimulatedBus
from evtui.canbus.frame import Frame
from evtui.canbus.packs.api import (
    By,
    FrameDescription,
    MalformedFrame,
    PowerUnit,
    ProtocolPack,
    Said,
    Speaker,
)
from evtui.canbus.packs.infy.charger import infy_chargers
from evtui.canbus.packs.infy.codec import (
    FRAMES_KEPT,
    Message,
    dbc_text,
    decode,
    decode_data,
    encode,
)
from evtui.canbus.packs.infy.identifier import (
    BROADCAST,
    CONTROLLER,
    CONTROLLERS,
    MODULES_MAX,
    Command,
    Device,
    Identifier,
)
from evtui.canbus.packs.infy.messages import (
    Opaque,
    Output,
    OutputFixed,
    Read,
    SetOutput,
    SetSystemOutput,
    Switch,
    SystemOutput,
    SystemOutputFixed,
)
from evtui.canbus.packs.infy.module import WALK_IN, WATCHDOG, InfyModule
from evtui.canbus.packs.infy.rack import InfyRack
from evtui.canbus.packs.sharing import ModuleRating
from evtui.events import CanFrame
from evtui.station import Charger

if TYPE_CHECKING:
    from cantools.database.can import Database
    from cantools.database.can import Message as DbcMessage

__all__ = ["PACK", "InfyPack"]

STRIDE = 8
"""Addresses that each connector has: those of connector n begin at 8 (n - 1)."""

HIGHEST = 0xFFFF_FFFF / 1000
"""V or A that a signal of 32 bits can say."""

_Reported = SystemOutput | SystemOutputFixed | Output | OutputFixed


class InfyPack(ProtocolPack):
    """INFY power modules: polled, big-endian, addresses in the identifier, 10 s of patience.

    Args:
        rating: of each module.
        walk_in: s that a soft start takes, None for starts without one.
        watchdog: s of silence after which a module switches off.
        refuses: modules answer errors to what they do not take.
    """

    name = "infy"
    title = "INFY power modules V1.13, polled"
    bitrate = 125_000
    extended = True
    dbc = Path(__file__).parent / "infy.dbc"
    connectors_max = 8
    modules_max = STRIDE

    def __init__(
        self,
        rating: ModuleRating = ModuleRating(),  # noqa: B008 - it is frozen
        *,
        walk_in: float | None = None,
        watchdog: float = WATCHDOG,
        refuses: bool = False,
    ) -> None:
        self._rating = rating
        self._walk_in = walk_in
        self._watchdog = watchdog
        self._refuses = refuses

    def decode(self, frame: Frame | CanFrame) -> Said | None:
        """See :class:`ProtocolPack`."""
        if not frame.extended or frame.remote or frame.error:
            return None
        return _said(frame.arbitration_id, frame.data)

    def speaker_of(self, arbitration_id: int, *, extended: bool) -> Speaker | None:
        """See :class:`ProtocolPack`."""
        identifier = Identifier.of(arbitration_id)
        if not extended or not identifier.is_ours:
            return None
        return Speaker(_place(identifier)[0], _by(identifier))

    def reports(
        self, connector: int, current: float, like: Frame | CanFrame | None = None
    ) -> tuple[Frame, ...]:
        """See :class:`ProtocolPack`; without a frame to be like it is the first module's.

        Where there are several modules each frame speaks for one of them, so the current is what
        that one says.
        """
        amperes = min(max(current, 0.0), HIGHEST)
        message = None if like is None else _read(like)
        if message is None or not isinstance(message.content, _Reported):
            first = (connector - 1) * STRIDE
            message = Message(Output(0.0, 0.0), CONTROLLER, first)
        content = replace(message.content, current=amperes)
        return (encode(replace(message, content=content)),)

    def limits(
        self, connector: int, current: float, like: Frame | CanFrame | None = None
    ) -> tuple[Frame, ...]:
        """See :class:`ProtocolPack`; without a frame to be like it is for the whole group."""
        amperes = min(max(current, 0.0), HIGHEST)
        message = None if like is None else _read(like)
        if message is None or not isinstance(message.content, SetOutput | SetSystemOutput):
            voltage = float(self._rating.voltage_max)
            message = Message(SetSystemOutput(voltage, 0.0), connector, grouped=True)
        content = replace(message.content, current=amperes)
        return (encode(replace(message, content=content)),)

    def orders(self, connector: int, *, run: bool) -> tuple[Frame, ...]:
        """See :class:`ProtocolPack`; to the connector's group."""
        return (encode(Message(Switch(on=run), connector, grouped=True)),)

    def chargers(
        self, bus: SimulatedBus, connectors: Iterable[int], *, modules: int = 1
    ) -> dict[int, Charger]:
        """See :class:`ProtocolPack`."""
        addresses = {number: self._addresses(number, modules) for number in connectors}
        return {**infy_chargers(bus, addresses, walk_in=self._walk_in is not None)}

    def module(
        self, bus: SimulatedBus, unit: PowerUnit, *, connector: int = 1, modules: int = 1
    ) -> InfyRack:
        """See :class:`ProtocolPack`."""
        of_this = [
            InfyModule(
                address,
                connector,
                self._rating,
                walk_in=WALK_IN if self._walk_in is None else self._walk_in,
                watchdog=self._watchdog,
                refuses=self._refuses,
                now=bus.loop.time(),
            )
            for address in self._addresses(connector, modules)
        ]
        return InfyRack(bus, unit, self.nodes(connector, modules=modules), of_this)

    def dbc_for(self, connectors: int, modules: int) -> str:
        """See :class:`ProtocolPack`."""
        numbers = range(1, connectors + 1)
        addresses = chain.from_iterable(self._addresses(number, modules) for number in numbers)
        return dbc_text(addresses, numbers)

    @cached_property
    def database(self) -> Database:
        """See :class:`ProtocolPack`: of one connector's modules, and the group of each."""
        from cantools.database.can import Database

        dbc = Database()
        dbc.add_dbc_string(dbc_text(range(STRIDE), range(1, self.connectors_max + 1)))
        return dbc

    def message(self, arbitration_id: int, *, extended: bool | None = None) -> DbcMessage | None:
        """See :class:`ProtocolPack`.

        A reply that says an error is one of its command, and all modules are like those of the
        first connector.
        """
        identifier = Identifier.of(arbitration_id)
        if not identifier.is_ours:
            return None
        side = "source" if identifier.is_reply else "destination"
        address = getattr(identifier, side)
        if identifier.device == Device.MODULE and address < MODULES_MAX:
            address %= STRIDE
        known = identifier._replace(error=0, **{side: address})
        return super().message(known.arbitration_id, extended=extended)

    def describe(
        self, arbitration_id: int, data: bytes, *, extended: bool | None = None
    ) -> FrameDescription | None:
        """See :class:`ProtocolPack`."""
        described = super().describe(arbitration_id, data, extended=extended)
        if described is None:
            return None
        identifier = Identifier.of(arbitration_id)
        try:
            name = said.message if (said := _said(arbitration_id, bytes(data))) else described.name
        except MalformedFrame as problem:
            return described._replace(signals=str(problem))
        if identifier.error:
            why = _ERRORS.get(identifier.error, "unknown")
            return FrameDescription(name, f"error {identifier.error}: {why}")
        return described._replace(name=name)

    def _addresses(self, connector: int, modules: int) -> range:
        if not 1 <= connector <= self.connectors_max:
            raise ValueError(f"infy has connectors 1 to {self.connectors_max}, not {connector}")
        first = (connector - 1) * STRIDE
        most = min(self.modules_max, MODULES_MAX - first)
        if not 1 <= modules <= most:
            raise ValueError(
                f"infy has 1 to {most} modules at connector {connector}, not {modules}"
            )
        return range(first, first + modules)


_ERRORS = {2: "command invalid", 3: "data invalid", 7: "in start processing"}


def _read(frame: Frame | CanFrame) -> Message | None:
    try:
        return decode(frame)
    except MalformedFrame:
        return None


def _place(identifier: Identifier) -> tuple[int | None, int | None]:
    """The connector and its module, each from 1, that a frame is about; None for all."""
    side = identifier.source if identifier.is_reply else identifier.destination
    if identifier.device == Device.GROUP:
        return side or None, None
    if side == BROADCAST:
        return None, None
    return side // STRIDE + 1, side % STRIDE + 1


def _by(identifier: Identifier) -> By:
    return "module" if identifier.is_reply else "charge point"


def _name(message: Message, connector: int | None, module: int | None) -> str:
    """As the DBC has it."""
    content = message.content
    if isinstance(content, Read):
        what = f"Read{_READ[content.command]}"
    elif isinstance(content, Opaque):
        what = f"Command{content.command:02X}"
    else:
        what = type(content).__name__
        if message.destination in CONTROLLERS and what not in _READ.values():
            what += "Echo"
    if message.grouped:
        return f"{what}_Group{connector}"
    address = message.source if message.destination in CONTROLLERS else message.destination
    return f"{what}_All" if module is None else f"{what}_{address}"


_READ: dict[int, str] = {
    Command.READ_SYSTEM_OUTPUT: "SystemOutput",
    Command.READ_MODULE_COUNT: "ModuleCount",
    Command.READ_OUTPUT: "Output",
    Command.READ_STATUS: "Status",
    Command.READ_INPUT: "Input",
    Command.READ_SYSTEM_OUTPUT_FIXED: "SystemOutputFixed",
    Command.READ_OUTPUT_FIXED: "OutputFixed",
    Command.READ_RATING: "ModuleRating",
    Command.READ_BARCODE: "Barcode",
    Command.READ_AVAILABLE: "Available",
}


@lru_cache(FRAMES_KEPT)
def _said(arbitration_id: int, data: bytes) -> Said | None:
    message = decode_data(arbitration_id, data)
    if message is None:
        return None
    identifier = Identifier.of(arbitration_id)
    connector, module = _place(identifier)
    content = message.content
    said = Said(_name(message, connector, module), connector, _by(identifier), module)
    if identifier.is_reply:
        if isinstance(content, _Reported):
            return replace(said, current=content.current, voltage=content.voltage)
        return said  # an echo orders nothing
    if isinstance(content, SetOutput | SetSystemOutput):
        return replace(said, limit=content.current, voltage_limit=content.voltage)
    return replace(said, run=content.on) if isinstance(content, Switch) else said


PACK = InfyPack()
"""The pack, as modules are delivered."""
