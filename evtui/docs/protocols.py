"""The messages of the protocols on CAN as tables, from their DBC files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evtui.canbus.packs.known import pack_named

if TYPE_CHECKING:
    from cantools.database.can import Message

__all__ = ["rows"]


def rows(protocol: str) -> Iterator[tuple[str, str, str, str, str]]:
    """Each message that says something: identifier, name, sender, signals, period.

    A request to read and an echo say nothing of their own; they are left out.
    """
    from cantools.database.can import Database

    dbc = Database()
    dbc.add_dbc_string(pack_named(protocol).dbc.read_text("utf-8"))
    for message in dbc.messages:
        asks = message.name.startswith("Read") and not message.signals
        if asks or "Echo" in message.name:
            continue
        digits = 8 if message.is_extended_frame else 3
        cycle = f"{message.cycle_time} ms" if message.cycle_time else ""
        yield (
            f"`{message.frame_id:0{digits}X}`",
            message.name,
            message.senders[0].lower(),
            _signals(message),
            cycle,
        )


def _signals(message: Message) -> str:
    named = (f"{each.name} {f'({each.unit})' if each.unit else ''}" for each in message.signals)
    return ", ".join(each.strip() for each in named) or "none"
