"""What a charge point says to the INFY modules of a connector, and what it learns.  Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf
from typing import Any

import msgspec

from evtui.canbus.packs.infy.codec import Message
from evtui.canbus.packs.infy.identifier import Command
from evtui.canbus.packs.infy.messages import (
    Available,
    Content,
    Output,
    Rating,
    Read,
    SetOutput,
    Status,
    StatusBits,
    Switch,
    WalkIn,
)
from evtui.canbus.packs.sharing import shared
from evtui.station import Capabilities, ChargerFault, ChargerReport, ChargerState

__all__ = ["LOST", "InfyController"]

LOST = 15.0
"""s without a status of a module after which it counts as lost, as EVerest has it.

More than the 10 s after which a module switches itself off: who forgets it earlier forgets one that
still delivers.
"""

AGAIN = 1.0
"""s after which a write that nobody echoed is sent again."""

OUTPUT_EVERY, STATUS_EVERY, AVAILABLE_EVERY, RATING_EVERY = 0.2, 1.0, 5.0, 1.0
"""s between two reads of one module; voltage and current less often where there are many."""

DEFAULT_VOLTAGE = 1000.0
"""V that the output may have until the modules have said what they are made for."""

_FATAL: dict[StatusBits, ChargerFault] = {
    StatusBits.OVER_TEMPERATURE: ChargerFault.OVER_TEMPERATURE,
    StatusBits.OUTPUT_OVER_VOLTAGE: ChargerFault.OVER_VOLTAGE_DC,
    StatusBits.OUTPUT_SHORT_CIRCUIT: ChargerFault.OVER_CURRENT_DC,
    StatusBits.INPUT_OVER_VOLTAGE: ChargerFault.OVER_VOLTAGE_AC,
    StatusBits.INPUT_LOW_VOLTAGE: ChargerFault.UNDER_VOLTAGE_AC,
    StatusBits.INPUT_PHASE_LOST: ChargerFault.UNDER_VOLTAGE_AC,
    StatusBits.COMMUNICATION_INTERRUPTED: ChargerFault.COMMUNICATION,
    StatusBits.INTERNAL_COMMUNICATION_FAULT: ChargerFault.COMMUNICATION,
    StatusBits.HARDWARE_FAILURE: ChargerFault.HARDWARE,
    StatusBits.MODULE_FAULT: ChargerFault.HARDWARE,
    StatusBits.MODULE_PROTECTION: ChargerFault.VENDOR_ERROR,
    StatusBits.ADDRESS_REPEATED: ChargerFault.VENDOR_ERROR,
}
"""What keeps a module from giving current."""

_MINOR = (
    StatusBits.FAN_FAULT
    | StatusBits.SHARING_BAD
    | StatusBits.INPUT_UNBALANCED
    | StatusBits.INPUT_OR_BUS_ABNORMAL
    | StatusBits.DISCHARGE_ABNORMAL
)
"""What a module goes on with."""


class _Module(msgspec.Struct):
    """What the controller knows of one module."""

    address: int
    output: Output | None = None
    status: Status | None = None
    rating: Rating | None = None
    available: Available | None = None
    heard: float = -inf
    asked: dict[Command, float] = msgspec.field(default_factory=dict)
    unechoed: dict[type[Any], tuple[Content, float]] = msgspec.field(default_factory=dict)
    set_to: SetOutput | None = None

    def lost(self, now: float) -> bool:
        """It has told its status, but not for long."""
        return self.status is not None and now - self.heard > LOST

    def failed(self, now: float) -> bool:
        """It gives nothing, whatever it is told."""
        if self.status is None:
            return False
        return self.lost(now) or any(bit in self.status.bits for bit in _FATAL)


class InfyController:
    """Polls the modules of a connector, divides the limit among them, switches them.

    Set-points and switching are sent once, when they change, and again when no echo comes: a
    forged set-point therefore holds until the next change.  Reads go one at a time, the most
    overdue first, whenever the bus gives this controller a turn.

    Args:
        addresses: of the modules.
        walk_in: ask them for a soft start.
        begun: s, now.
    """

    def __init__(
        self, addresses: Iterable[int], *, walk_in: bool = False, begun: float = 0.0
    ) -> None:
        self._modules = {address: _Module(address) for address in addresses}
        self._walk_in = walk_in
        self._run = False
        self._current: float | None = None
        self._voltage: float | None = None
        count = len(self._modules)
        self._periods = {
            Command.READ_OUTPUT: OUTPUT_EVERY * ((count + 1) // 2),
            Command.READ_STATUS: STATUS_EVERY,
            Command.READ_AVAILABLE: AVAILABLE_EVERY,
            Command.READ_RATING: RATING_EVERY,
        }
        # The reads of a start are spread out, each after its turn.
        for module in self._modules.values():
            module.asked = {command: begun - period for command, period in self._periods.items()}

    # Orders: what they return is to be sent at once

    def start(self, now: float) -> list[Message]:
        """Switch the modules on."""
        self._run = True
        return [
            *self._write_all(lambda module: WalkIn(on=self._walk_in), now),
            *self._limits(now),
            *self._write_all(lambda module: Switch(on=True), now),
        ]

    def stop(self, now: float) -> list[Message]:
        """Switch the modules off."""
        self._run = False
        return self._write_all(lambda module: Switch(on=False), now)

    def set_limits(self, current: float, voltage: float | None, now: float) -> list[Message]:
        """Divide ``current`` A among the modules; only what has changed is said."""
        self._current, self._voltage = current, voltage
        return self._limits(now)

    def forget(self) -> None:
        """The modules may be set to anything: the next limits are said in any case."""
        for module in self._modules.values():
            module.set_to = None

    # The bus

    def hear(self, message: Message, now: float) -> tuple[bool, list[Message]]:
        """Take what a module says.

        Returns:
            Whether there is something new about the output, and what is to be sent for it.
        """
        module = self._modules.get(message.source)
        if module is None or message.grouped or message.error:
            return False, []
        content = message.content
        failed_before = module.failed(now)
        match content:
            case Output():
                module.output = content
                return True, []
            case Status():
                new = module.status is None
                module.status, module.heard = content, now
                if StatusBits.COMMUNICATION_INTERRUPTED in content.bits and not self._run:
                    return False, self._write(module, Switch(on=False), now)  # we are back
                if failed_before or module.failed(now):
                    return False, self._after_a_failure(module, failed_before, now)
                return False, self._limits(now) if new else []
            case Rating():
                if module.rating != content:
                    module.rating = content
                    return False, self._limits(now)
            case Available():
                module.available = content
            case Read():
                pass
            case _:  # an echo
                written = module.unechoed.get(type(content))
                if written is not None and written[0] == content:
                    del module.unechoed[type(content)]
        return False, []

    def turn(self, now: float) -> Message | None:
        """What is to be sent in a turn on the bus, if anything is due."""
        for module in self._modules.values():
            for content, sent in module.unechoed.values():
                if now - sent >= AGAIN:
                    module.unechoed[type(content)] = (content, now)
                    return Message(content, module.address)
        overdue, module, command = max(
            (
                ((now - asked) / self._periods[command], module, command)
                for module in self._modules.values()
                for command, asked in module.asked.items()
            ),
            key=lambda due: due[0],
        )
        if overdue < 1.0 - 1e-9:
            return None
        if command is Command.READ_RATING and module.rating is not None:
            del module.asked[command]  # known for good
            return self.turn(now)
        module.asked[command] = now
        return Message(Read(command), module.address)

    # What is known

    def report(self, now: float) -> ChargerReport:
        """What the modules say, all together."""
        there = [each for each in self._modules.values() if not each.lost(now)]
        outputs = [each.output for each in there if each.output is not None]
        bits = [each.status.bits for each in there if each.status is not None]
        temperatures = [each.status.temperature for each in there if each.status is not None]
        available = [each.available.current for each in there if each.available is not None]
        return ChargerReport(
            sum(max(0.0, each.current) for each in outputs),
            max((each.voltage for each in outputs), default=None),
            max(temperatures, default=None),
            self._state(bits, now),
            faults=_faults(bits),
            available=sum(available) if self._run and available else None,
        )

    @property
    def capabilities(self) -> Capabilities:
        """What the modules are made for, as far as they have said."""
        ratings = [each.rating for each in self._modules.values() if each.rating is not None]
        told = Capabilities(
            sets_voltage=True, tells_voltage=True, tells_temperature=True, tells_state=True
        )
        if not ratings:
            return told
        return msgspec.structs.replace(
            told,
            current_max=sum(each.current_max for each in ratings),
            voltage_max=float(min(each.voltage_max for each in ratings)),
            voltage_min=float(max(each.voltage_min for each in ratings)),
            power_max=float(sum(each.power_w for each in ratings)),
        )

    def _state(self, bits: list[StatusBits], now: float) -> ChargerState | None:
        if not bits:
            return None
        if not self._run:
            return ChargerState.OFF
        if all(module.failed(now) for module in self._modules.values()):
            return ChargerState.FAULT
        delivering = any(StatusBits.DC_OFF not in each for each in bits)
        return ChargerState.DELIVERING if delivering else ChargerState.STANDBY

    def _after_a_failure(self, module: _Module, before: bool, now: float) -> list[Message]:
        """What one cannot give any more, or can again, changes what the others are asked for."""
        failed = module.failed(now)
        if failed == before:
            return []
        if failed:
            return self._limits(now)
        module.set_to = None
        return [*self._limits(now), *self._write(module, Switch(on=self._run), now)]

    def _limits(self, now: float) -> list[Message]:
        if self._current is None:
            return []
        modules = list(self._modules.values())
        most = [
            0.0 if each.failed(now) else inf if each.rating is None else each.rating.current_max
            for each in modules
        ]
        if not any(most):  # what is asked for does not depend on all of them having failed
            most = [inf for _ in modules]
        messages = []
        for module, part in zip(modules, _in_milliamperes(self._current, most), strict=True):
            wanted = SetOutput(self._volts(module), part / 1000)
            if wanted != module.set_to:
                module.set_to = wanted
                messages += self._write(module, wanted, now)
        return messages

    def _volts(self, module: _Module) -> float:
        highest = DEFAULT_VOLTAGE if module.rating is None else float(module.rating.voltage_max)
        if self._voltage is None or self._voltage >= highest:
            return highest
        return int(self._voltage * 1000 + 1e-6) / 1000  # as it is echoed

    def _write_all(self, content: Callable[[_Module], Content], now: float) -> list[Message]:
        return [
            message
            for module in self._modules.values()
            for message in self._write(module, content(module), now)
        ]

    def _write(self, module: _Module, content: Content, now: float) -> list[Message]:
        module.unechoed[type(content)] = (content, now)
        return [Message(content, module.address)]


def _in_milliamperes(total: float, most: list[float]) -> list[int]:
    """Equal parts in whole mA that are no more than ``total`` A together, nor a mA less."""
    parts = [int(part * 1000 + 1e-6) for part in shared(total, most)]
    left = int(min(total, sum(most)) * 1000 + 1e-6) - sum(parts)
    for place, can in enumerate(most):
        if left > 0 and parts[place] + 1 <= can * 1000:
            parts[place] += 1
            left -= 1
    return parts


def _faults(all_bits: Iterable[StatusBits]) -> tuple[ChargerFault, ...]:
    """In the words that all chargers share, each once."""
    found: dict[ChargerFault, None] = {}
    for bits in all_bits:
        found |= {fault: None for bit, fault in _FATAL.items() if bit in bits}
        if bits & _MINOR:
            found[ChargerFault.VENDOR_WARNING] = None
    return tuple(found)
