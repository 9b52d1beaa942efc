"""What is sent on CAN by hand, again and again, as the terminal lists it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evtui.canbus import BY_HAND_NODE
from evtui.events import CanFrame, Event, PeriodicState

__all__ = ["SentByHand", "SentMessage"]


@dataclass(slots=True)
class SentMessage:
    """One message.

    Attributes:
        state: what was said of it last.
        passed: frames of it that were on the bus since it began.
    """

    state: PeriodicState
    passed: int = 0

    @property
    def name(self) -> str:
        """In the DBC."""
        return self.state.message

    @property
    def id_text(self) -> str:
        """Identifier in 3 hexadecimal digits, or 8 where it has 29 bits."""
        return f"{self.state.arbitration_id:0{8 if self.state.extended else 3}X}"


class SentByHand:
    """Those that run on every bus, in the order in which they began."""

    def __init__(self) -> None:
        self._messages: dict[tuple[str, str], SentMessage] = {}

    def feed(self, events: Iterable[Event]) -> bool:
        """Take events in the order of the stream; True where a message began, changed or ended."""
        changed = False
        for event in events:
            if isinstance(event, PeriodicState):
                changed = True
                self._note(event)
            elif self._messages and isinstance(event, CanFrame) and event.node == BY_HAND_NODE:
                self._count(event)
        return changed

    def at(self, station: str) -> list[SentMessage]:
        """Those on the bus of a charge point."""
        return [each for each in self._messages.values() if each.state.station == station]

    def __len__(self) -> int:
        return len(self._messages)

    def _note(self, state: PeriodicState) -> None:
        key = state.station, state.message
        known = self._messages.get(key)
        if state.change == "off":
            self._messages.pop(key, None)
        elif known is not None:
            known.state = state
        else:
            self._messages[key] = SentMessage(state, state.sent)

    def _count(self, frame: CanFrame) -> None:
        for each in self._messages.values():
            state = each.state
            if (state.station, state.arbitration_id, state.extended) == (
                frame.station,
                frame.arbitration_id,
                frame.extended,
            ):
                each.passed += 1
