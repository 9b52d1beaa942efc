"""What a protocol pack is: a DBC, a codec, the charge point's end and the module's end.

A pack is a folder of ``evtui.canbus.packs`` (``seed``, ...) with an object of a subclass of
:class:`ProtocolPack`.  Everybody who reads or forges frames (detectors, anomalies, panels,
expectations) does it through that object, in words that every protocol shares, so that it works
with each.  Identifiers stand nowhere outside of a pack.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, Protocol

import msgspec

from evtui.canbus.frame import Frame
from evtui.canbus.nodes import module_of
from evtui.events import CanFrame

if TYPE_CHECKING:
    from cantools.database.can import Database, Message

    from evtui.canbus.bus import SimulatedBus
    from evtui.power import StageState
    from evtui.station import Charger

__all__ = [
    "FrameDescription",
    "MalformedFrame",
    "ModuleEnd",
    "PowerUnit",
    "ProtocolPack",
    "Said",
    "Speaker",
]


class MalformedFrame(ValueError):
    """A frame has the identifier of a message but not its length; the text says which."""


class FrameDescription(NamedTuple):
    """A frame in words.

    Attributes:
        name: of the message, ``SetLimit``.
        signals: their values with units, ``100 A``, or what is wrong with the frame's length.
    """

    name: str
    signals: str


By = Literal["charge point", "module"]
"""Who says a message."""


class Speaker(NamedTuple):
    """Who says a message, and about which connector.

    Attributes:
        connector: connectorId, from 1; None for the whole bus.
        by: the charge point or the module.
    """

    connector: int | None
    by: By


class Said(msgspec.Struct, frozen=True, gc=False):
    """What a frame says, as far as every protocol has it.  None for what it does not say.

    A frame may be several things: ADVANTICS orders start, current and voltage in one.  What a
    protocol splits over several frames is told of each by itself: nothing here is remembered.

    Attributes:
        message: its name in the DBC.
        connector: connectorId that it is about, from 1; None for the whole bus.
        by: who says such things.
        module: which of the connector's modules speaks or is spoken to, from 1; None for all
            of them, or where a charger is one to the protocol.
        current: A at its output that a module reports.
        voltage: V, likewise.
        limit: A that a charge point allows.
        voltage_limit: V, likewise.
        run: True where a charge point orders to let current flow, False where it orders not to.
    """

    message: str
    connector: int | None
    by: By
    module: int | None = None
    current: float | None = None
    voltage: float | None = None
    limit: float | None = None
    voltage_limit: float | None = None
    run: bool | None = None


class PowerUnit(Protocol):
    """What a module's end drives: a :class:`~evtui.power.PowerStage`, or what stands around one.

    Orders take effect at the next step.  The stage does by itself what comes before current
    flows in a session (cable check, precharge; ``state.phase`` says where it is) and ramps to
    each limit; it knows the limit of the current only, and the vehicle sets the voltage.
    """

    def start(self) -> None:
        """Let current flow."""

    def stop(self) -> None:
        """Let the current fall, then open the contactor."""

    def set_limit(self, limit: float) -> None:
        """Allow at most ``limit`` A; ValueError for a number that is negative or not finite."""

    def step(self, dt: float) -> StageState:
        """Go on for ``dt`` s and tell what it does then."""

    def trip(self) -> StageState:
        """Its supply or controller fails: no current at once."""

    @property
    def state(self) -> StageState:
        """What it does now."""


class ModuleEnd(ABC):
    """The charger of one connector on the bus: one to eight modules around one power unit.

    A supervised part: :meth:`run` works until it is cancelled.  It is who makes time pass for
    the unit: it steps it by what has passed, every 100 ms as a rule, making up for each step
    that a late wake-up missed, so energy and heat stay true; of the frames that were due
    meanwhile only the newest go out.  However it ends, the unit is tripped and every node of it
    detached.  It answers polls, repeats what is cyclic, obeys, and has the watchdog of the real
    thing: what it does after how long a silence is its pack's to say.

    Several modules share the unit: each says its part of current and rating, and one that has
    failed says so, while the others go on with what is left.

    Attributes:
        unit: what it drives.
        name: of the part, and of its only or first node on the bus.
        malformed: frames ignored since the start, because their length was wrong.
        can_fail: how many of its modules can fail one by one, and say so; 0 for none.
        failed: numbers, from 1, of those that have.
    """

    unit: PowerUnit
    name: str
    malformed: int
    can_fail: int = 0
    failed: frozenset[int] = frozenset()

    @abstractmethod
    async def run(self) -> None:
        """Work until cancelled."""


class ProtocolPack(ABC):
    """One protocol.

    Codec methods are pure and quick: a lab calls them for every frame, so remember what was
    decoded.  Frames come from peers: any identifier with any 0 to 8 bytes, remote frames and
    error frames among them.

    Attributes:
        name: as the setting ``protocol`` has it, ``seed``.
        title: for people, one line.
        bitrate: bit/s that such modules are set to when they are delivered.
        extended: its identifiers have 29 bits.
        dbc: the definition, a file beside the codec; cyclic messages have GenMsgCycleTime.
        connectors_max: connectors whose modules can be told apart on one bus.
        modules_max: modules of one connector, likewise.
        cyclic_limits: a charge point says its limits again with every cycle.
        ac: what it drives may feed a vehicle with AC, too.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    bitrate: ClassVar[int]
    extended: ClassVar[bool]
    dbc: ClassVar[Path]
    connectors_max: ClassVar[int]
    modules_max: ClassVar[int] = 1
    cyclic_limits: ClassVar[bool] = False
    ac: ClassVar[bool] = False

    # Reading frames

    @abstractmethod
    def decode(self, frame: Frame | CanFrame) -> Said | None:
        """What ``frame`` says, or None for one that is not part of the protocol.

        Raises:
            MalformedFrame: the identifier is known but the length is not that of its message.
        """

    @abstractmethod
    def speaker_of(self, arbitration_id: int, *, extended: bool) -> Speaker | None:
        """Who says it, whatever the data are; None for what is not part of the protocol."""

    # Making frames, as the charge point or a forger does

    @abstractmethod
    def reports(
        self, connector: int, current: float, like: Frame | CanFrame | None = None
    ) -> tuple[Frame, ...]:
        """What the modules of a connector say when this current flows.

        Args:
            current: A of all modules together, kept within what the signals can say.
            like: a genuine report: the answer is that frame with another current, and
                nothing else of it changed.
        """

    @abstractmethod
    def limits(
        self, connector: int, current: float, like: Frame | CanFrame | None = None
    ) -> tuple[Frame, ...]:
        """An order to give at most so many A; the arguments are those of :meth:`reports`."""

    @abstractmethod
    def orders(self, connector: int, *, run: bool) -> tuple[Frame, ...]:
        """An order to let current flow, or to let none flow."""

    # The two ends

    @abstractmethod
    def chargers(
        self, bus: SimulatedBus, connectors: Iterable[int], *, modules: int = 1
    ) -> dict[int, Charger]:
        """The charge point's end, for each connector: what orders its modules and hears them.

        All of them speak as one node of the bus, :data:`~evtui.canbus.CHARGE_POINT`.

        Args:
            connectors: connectorIds, from 1.
            modules: of each connector.

        Raises:
            ValueError: there is no room for so many in the protocol.
        """

    @abstractmethod
    def module(
        self, bus: SimulatedBus, unit: PowerUnit, *, connector: int = 1, modules: int = 1
    ) -> ModuleEnd:
        """The modules' end of one connector; raises like :meth:`chargers`."""

    def nodes(self, connector: int, *, modules: int = 1) -> tuple[str, ...]:
        """Names of the modules of a connector as nodes of the bus."""
        first = module_of(connector)
        return first, *(f"{first}/{number}" for number in range(2, modules + 1))

    # What the DBC says; cantools is imported when it is asked

    def dbc_for(self, connectors: int, modules: int) -> str:
        """The DBC for a charge point with so many connectors, and so many modules at each.

        Raises:
            ValueError: there is no room for so many in the protocol.
        """
        del connectors, modules  # one file has them all, unless a pack says otherwise
        return self.dbc.read_text("utf-8")

    @cached_property
    def database(self) -> Database:
        """The protocol as a cantools database, read once, on first use."""
        from cantools.database.can import Database

        dbc = Database()
        dbc.add_dbc_string(self.dbc.read_text("utf-8"))
        return dbc

    def cycle_time(self, arbitration_id: int, *, extended: bool | None = None) -> float | None:
        """s between two frames of a cyclic message (GenMsgCycleTime), else None.

        Args:
            extended: it has 29 bits; None for what the protocol has.
        """
        message = self.message(arbitration_id, extended=extended)
        return message.cycle_time / 1000 if message and message.cycle_time else None

    def describe(
        self, arbitration_id: int, data: bytes, *, extended: bool | None = None
    ) -> FrameDescription | None:
        """Name and signals of any frame, for people; None for one not ours.  Never raises."""
        known = self.message(arbitration_id, extended=extended)
        if known is None:
            return None
        if len(data) != known.length:
            return FrameDescription(known.name, f"{len(data)} of {known.length} bytes")
        values = known.decode_simple(data)
        signals = (f"{values[signal.name]} {signal.unit or ''}".strip() for signal in known.signals)
        return FrameDescription(known.name, ", ".join(signals))

    def message(self, arbitration_id: int, *, extended: bool | None = None) -> Message | None:
        """The DBC's message with this identifier; None for one that is not ours.

        A pack whose identifiers hold addresses or priorities looks them up without.
        """
        if extended not in (None, self.extended):
            return None
        return self._messages.get(arbitration_id)

    @cached_property
    def _messages(self) -> dict[int, Message]:
        # get_message_by_frame_id raises for an unknown id, and on a bus most ids may be unknown.
        return {message.frame_id: message for message in self.database.messages}
