"""Carries out what is sent on the bus of a charge point by hand."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from evtui.canbus import (
    Frame,
    MessageForm,
    Periodic,
    Playing,
    compose,
    id_filter,
    message_form,
    message_forms,
    value_text,
)
from evtui.commands import Nothing, Outcome
from evtui.commands import can as told
from evtui.commands.station import CAN_SEND, RawFrame
from evtui.lab.orders.handlers import Aim, CommandError, Works, at_connector, in_lab
from evtui.runtime import VirtualLoop


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
    for stand in stands:
        if stand.player.playing is not None and which.message in (None, stand.player.playing.name):
            stopped = (*stopped, stand.player.stop())
    if which.message is not None and not stopped:
        raise CommandError(f"{which.message} is not sent by hand")
    if not stopped:
        return Outcome("nothing is sent by hand", ())
    return Outcome(f"no more {', '.join(stopped)} by hand", stopped)


@at_connector(told.PLAY, acting=True)
async def play(_: Works, target: Aim, wanted: told.PlayLog) -> Outcome[dict[str, Any]]:
    """Read at once and as a whole; in real time on a thread, so that nobody waits for it."""
    from evtui.lab.played import read_frames

    if wanted.loop and wanted.times is not None:
        raise CommandError("loop and times are told: one of them says how often")
    if wanted.end is not None and wanted.end <= wanted.start:
        raise CommandError(f"end {wanted.end:g} s is not behind start {wanted.start:g} s")
    stand, path = target.stand, Path(wanted.file)
    read = partial(
        read_frames,
        path,
        start=wanted.start,
        end=wanted.end,
        wanted=id_filter(wanted.ids),
        bus=wanted.bus,
    )
    in_virtual_time = isinstance(asyncio.get_running_loop(), VirtualLoop)
    found = read() if in_virtual_time else await asyncio.to_thread(read)
    turns = None if wanted.loop else wanted.times or 1
    playing = Playing(
        path.name,
        wanted.speed,
        turns,
        wanted.longest_gap,
        0 if wanted.step else None,
    )
    player = stand.player
    cause = target.outlet.by_hand.hold(player.stop)
    player.play(playing, found.frames, cause)
    seconds = (found.frames[-1].t - found.frames[0].t) / wanted.speed
    left_out = f", {found.left_out:,} left out (error frames)" if found.left_out else ""
    how_often = "until stopped" if turns is None else "once" if turns == 1 else f"{turns} times"
    pace = "step by step" if wanted.step else f"in {seconds:.1f} s, {how_often}"
    text = f"{path.name}: {len(found.frames):,} frames on {stand.bus.name} {pace}{left_out}"
    return Outcome(
        text,
        {
            "frames": len(found.frames),
            "seconds": round(seconds, 6),
            "left_out": found.left_out,
            "problems": found.problems,
        },
    )


@at_connector(told.STEP, acting=True)
def step(_: Works, target: Aim, wanted: told.StepLog) -> Outcome[None]:
    playing = target.stand.player.step(wanted.frames)
    return Outcome(f"{playing.name}: {wanted.frames} more, {playing.sent:,} sent so far", None)


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
