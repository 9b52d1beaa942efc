"""One INFY power module: what it obeys and answers, and when it switches itself off.  Pure."""

from __future__ import annotations

import msgspec

from evtui.canbus.packs.infy.codec import Message, payload_of
from evtui.canbus.packs.infy.identifier import BROADCAST, Command, ErrorCode
from evtui.canbus.packs.infy.messages import (
    Addressing,
    Available,
    Barcode,
    Content,
    Group,
    Input,
    Led,
    ModuleCount,
    Opaque,
    Output,
    OutputFixed,
    Rating,
    Read,
    SetOutput,
    SetSystemOutput,
    Sleep,
    Status,
    StatusBits,
    Switch,
    SystemOutput,
    SystemOutputFixed,
    WalkIn,
)
from evtui.canbus.packs.sharing import ModuleRating

__all__ = ["WALK_IN", "WATCHDOG", "InfyModule", "Measured"]

WATCHDOG = 10.0
"""s without a message from a controller after which a module switches its output off."""

WALK_IN = 5.0
"""s that a soft start takes: documented for the sister dialect, so a guess here."""

MAINS = 400.0
"""V between the phases of a sound supply."""

DIODE = 0.5
"""V more than the output that stands behind the diode while it conducts."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a module measures, beside what it is told.

    Attributes:
        voltage: V at the output that the modules share.
        current: A of this module.
        total: A of all that share the output.
        temperature: degrees Celsius.
        modules: how many there are.
        supply: mains voltage as a share of the nominal one.
        bits: what is wrong.
    """

    voltage: float = 0.0
    current: float = 0.0
    total: float = 0.0
    temperature: float = 25.0
    modules: int = 1
    supply: float = 1.0
    bits: StatusBits = StatusBits(0)


class InfyModule:
    """The state of one module; time goes in with each call, nothing else passes it.

    A module takes set-points and switching in any order, echoes what is written, and says nothing
    that it was not asked.  A frame from any controller, read or write, keeps its watchdog from
    acting.  What is not known of real modules: whether a read does (EVerest relies on it), and
    what ends "communication interrupted" (here the next switching).

    Args:
        address: 0 to 59.
        group: that it is in.
        nameplate: what it is made for.
        walk_in: s of the soft start, where one is asked for.
        watchdog: s of silence after which it switches off.
        refuses: say errors: "command invalid" to what is unknown and "data invalid" to more than
            its nameplate allows.  Not known of real modules; otherwise it takes what it can and
            keeps quiet about the rest.
        now: s, when it is switched on.

    Attributes:
        on: its DC side is on.
        voltage: V that it is set to.
        current: A that it is set to.
        measured: what it has measured; whoever drives it keeps that up to date.
        interrupted: it switched itself off because of silence.
        failed: it is broken, and gives nothing until it is repaired.
        blinking: its green light, so that somebody finds it.
    """

    def __init__(
        self,
        address: int,
        group: int,
        nameplate: ModuleRating,
        *,
        walk_in: float = WALK_IN,
        watchdog: float = WATCHDOG,
        refuses: bool = False,
        now: float = 0.0,
    ) -> None:
        self.address = address
        self.group = group
        self.nameplate = nameplate
        self.on = False
        self.voltage = 0.0
        self.current = 0.0
        self.measured = Measured()
        self.interrupted = False
        self.failed = False
        self._walk_in = walk_in
        self._watchdog = watchdog
        self._refuses = refuses
        self._soft = False
        self._asleep = False
        self.blinking = False
        self._on_since = 0.0
        self._heard = now

    @property
    def working(self) -> bool:
        """Its DC side is on, and nothing keeps it from giving current."""
        return self.on and not self._asleep and not self.failed

    def capacity(self, now: float) -> float:
        """A that it gives at most now, as it is set and as it is made."""
        if not self.working:
            return 0.0
        output = self.measured.voltage
        if output > self.voltage:
            return 0.0
        most = min(self.current, self.nameplate.current_at(output))
        if self._soft and (age := now - self._on_since) < self._walk_in:
            most *= age / self._walk_in
        return most

    def watch(self, now: float) -> bool:
        """Look at the clock; True when it has just switched itself off."""
        if now - self._heard <= self._watchdog:
            return False
        cut = self.on
        self.on = False
        self.interrupted = True
        return cut

    def is_for(self, destination: int, *, grouped: bool) -> bool:
        """Whether what goes to this destination is meant for it."""
        if grouped:
            return destination == self.group
        return destination in (self.address, BROADCAST)

    def hear(self, message: Message, now: float, *, master: bool) -> Message | None:
        """Obey a request, and answer it.

        Args:
            master: it is the one that answers for all of those that are asked together.

        Returns:
            What it says to that; None for nothing.
        """
        if message.destination >= 0xF0 or not self.is_for(
            message.destination, grouped=message.grouped
        ):
            return None
        self._heard = now
        alone = not message.grouped and message.destination == self.address
        content = message.content
        if isinstance(content, Opaque):
            answer: Content | None = None
            error = ErrorCode.COMMAND_INVALID
        elif isinstance(content, Read):
            answer, error = self._read(content.command), ErrorCode.COMMAND_INVALID
        else:
            answer = content if self._write(content, now) else None
            error = ErrorCode.DATA_INVALID
        if not (alone or master):
            return None
        if answer is not None:
            return message.reply(answer)
        return message.reply(Opaque(*payload_of(content)), error) if self._refuses else None

    def _read(self, command: int) -> Content | None:
        measured = self.measured
        plate = self.nameplate
        match command:
            case Command.READ_SYSTEM_OUTPUT:
                return SystemOutput(measured.voltage, measured.total)
            case Command.READ_MODULE_COUNT:
                return ModuleCount(min(measured.modules, 0xFF))
            case Command.READ_OUTPUT:
                return Output(measured.voltage, measured.current)
            case Command.READ_STATUS:
                temperature = max(-128, min(127, round(measured.temperature)))
                return Status(self.group & 0xFF, temperature, self._bits())
            case Command.READ_INPUT:
                volts = MAINS * measured.supply
                return Input(volts, volts, volts)
            case Command.READ_SYSTEM_OUTPUT_FIXED:
                return SystemOutputFixed(measured.voltage, measured.total)
            case Command.READ_OUTPUT_FIXED:
                return OutputFixed(measured.voltage, measured.current)
            case Command.READ_RATING:
                return Rating(
                    plate.voltage_max, plate.voltage_min, plate.current_max, round(plate.power)
                )
            case Command.READ_BARCODE:
                return Barcode(f"{self.address:012}V0001")
            case Command.READ_AVAILABLE:
                there = plate.current_at(measured.voltage) if self.working else 0.0
                return Available(measured.voltage + DIODE * (measured.current > 0.0), there)
            case _:
                return None

    def _bits(self) -> StatusBits:
        bits = self.measured.bits
        if not self.working:
            bits |= StatusBits.DC_OFF
        if self._soft:
            bits |= StatusBits.WALK_IN
        if self._asleep:
            bits |= StatusBits.SLEEPING | StatusBits.PFC_OFF
        if self.interrupted:
            bits |= StatusBits.COMMUNICATION_INTERRUPTED
        if self.failed:
            bits |= StatusBits.MODULE_FAULT
        if self.working and self.nameplate.current_at(self.measured.voltage) < self.current:
            bits |= StatusBits.POWER_LIMITED
        return bits

    def _write(self, content: Content, now: float) -> bool:
        """Do what was written; False when it is refused."""
        match content:
            case SetOutput(voltage, current):
                return self._set(voltage, current)
            case SetSystemOutput(voltage, current):
                return self._set(voltage, current / max(1, self.measured.modules))
            case Switch(on):
                if on and not self.on:
                    self._on_since = now
                self.on = on
                self.interrupted = False
            case WalkIn(on):
                self._soft = on
            case Sleep(asleep):
                self._asleep = asleep
            case Led(blinking):
                self.blinking = blinking
            case Group(number):
                self.group = number
            case Addressing():
                pass  # addresses here are those of the dial
            case _:
                return False
        return True

    def _set(self, voltage: float, current: float) -> bool:
        plate = self.nameplate
        if self._refuses and (voltage > plate.voltage_max or current > plate.current_max):
            return False
        self.voltage = min(voltage, float(plate.voltage_max))
        self.current = min(current, plate.current_max)
        return True
