"""Carries out what is sent on the bus of a charge point by hand."""

from __future__ import annotations

from typing import Any

import msgspec

from evtui.canbus import (
    Frame,
    MessageForm,
    Periodic,
    compose,
    message_form,
    message_forms,
    value_text,
)
from evtui.commands import Nothing, Outcome
from evtui.commands import can as told
from evtui.commands.station import CAN_SEND, RawFrame
from evtui.lab.orders.handlers import Aim, CommandError, Works, at_connector, in_lab


@at_connector(CAN_SEND, acting=True)
def send_frame(_: Works, target: Aim, wanted: RawFrame) -> Outcome[None]:
    """One frame, which goes out when the line lets it."""
    stand = target.stand
    frame = Frame(wanted.identifier, bytes.fromhex(wanted.data), wanted.extended)
    stand.sender.once(frame)
    return Outcome(f"{_as_candump(frame)} handed to {stand.bus.name}", None)


@at_connector(told.MESSAGES)
def messages(_: Works, target: Aim, __: Nothing) -> Outcome[tuple[dict[str, Any], ...]]:
    """Those of connectors that the charge point does not have are left out."""
    stand = target.stand

    def is_here(form: MessageForm) -> bool:
        speaker = stand.pack.speaker_of(form.arbitration_id, extended=form.extended)
        return speaker is None or speaker.connector in (None, *stand.outlets)

    forms = [each for each in message_forms(stand.pack.database) if is_here(each)]
    return Outcome(f"{len(forms)} messages", tuple(map(msgspec.to_builtins, forms)))


@at_connector(told.PERIODIC, acting=True)
def send_periodic(_: Works, target: Aim, wanted: told.PeriodicMessage) -> Outcome[dict[str, Any]]:
    """A message that is sent already takes what is told and keeps the rest."""
    stand, name = target.stand, wanted.message
    sender, dbc = stand.sender, stand.pack.database
    form = message_form(dbc, name)
    before = sender.values(name)
    frame, values = compose(dbc, name, wanted.signals or {}, limits=wanted.limits, before=before)
    period = wanted.period if wanted.period or before is not None else form.period
    signals = {each.name: each for each in form.signals}
    says = ", ".join(f"{each} {value_text(signals[each], said)}" for each, said in values.items())
    cause = target.outlet.by_hand.hold(lambda: sender.stop(name))
    sent = sender.start(name, frame, period, values, says=says, turns=wanted.times, cause=cause)
    how_often = f"{wanted.times} times" if wanted.times else "until stopped"
    text = f"{name}{f' ({says})' if says else ''} every {sent.period:g} s, {how_often}"
    return Outcome(text, _told(sent))


@in_lab(told.SENDING)
def sending(works: Works, _: Nothing) -> Outcome[tuple[dict[str, Any], ...]]:
    running = tuple(
        {"station": stand.name, **_told(each)}
        for stand in works.stands.values()
        for each in stand.sender.running
    )
    names = ", ".join(f"{each['message']} on {each['station']}" for each in running)
    return Outcome(names or "nothing is sent by hand", running)


@in_lab(told.STOP_SENDING)
def stop_sending(works: Works, which: told.StopSending) -> Outcome[tuple[str, ...]]:
    if which.station and which.station not in works.stands:
        raise CommandError(f"no station {which.station!r} of ours")
    stands = [each for each in works.stands.values() if which.station in ("", each.name)]
    stopped = tuple(name for stand in stands for name in stand.sender.stop(which.message))
    if which.message is not None and not stopped:
        raise CommandError(f"{which.message} is not sent by hand")
    if not stopped:
        return Outcome("nothing is sent by hand", ())
    return Outcome(f"no more {', '.join(stopped)} by hand", stopped)


def _told(each: Periodic) -> dict[str, Any]:
    return {
        "message": each.name,
        "frame": _as_candump(each.frame),
        "period": each.period,
        "values": dict(each.values),
        "says": each.says,
        "sent": each.sent,
        "left_out": each.left_out,
    }


def _as_candump(frame: Frame) -> str:
    """``210#6400``, as candump -L has it."""
    return f"{frame.arbitration_id:0{8 if frame.extended else 3}X}#{frame.data.hex().upper()}"
