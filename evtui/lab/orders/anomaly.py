"""Carries out what anomalies and attacks by hand are told."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Any

from evtui.anomalies import SAFE_WITHIN, Injector, Schedule
from evtui.commands import Nothing, Outcome
from evtui.commands import anomaly as told
from evtui.commands.anomaly import CYCLE_COUNTS, JITTERS, PERIOD_FACTOR
from evtui.lab.orders.charging import end_charging
from evtui.lab.orders.handlers import (
    Aim,
    CommandError,
    Spot,
    Works,
    at_any_connector,
    at_connector,
    in_lab,
)
from evtui.lab.orders.proxy import fall_silent
from evtui.lab.orders.turns import after


def _chosen(target: Aim | Spot) -> Injector[Any]:
    return target.stand.anomalies.chosen(target.outlet.number)


@at_any_connector(told.CHOOSE)
def choose(works: Works, target: Aim | Spot, wanted: told.Choosing) -> Outcome[dict[str, Any]]:
    injector = target.stand.anomalies.choose(target.outlet.number, wanted.name)
    if isinstance(target, Aim):
        works.publish_state(target.stand)
    how = "" if injector.busy else f": {told.START.keys[0]} starts it"
    return Outcome(f"{injector.name} chosen{how}", injector.values())


@at_any_connector(told.START)
def start(works: Works, target: Aim | Spot, wanted: told.Beginning) -> Outcome[str]:
    anomalies, number = target.stand.anomalies, target.outlet.number
    injector = anomalies.at(number, wanted.name or "")
    if isinstance(target, Aim):
        if "central system" in injector.anomaly.needs:
            works.need_our_central_system(f"{injector.name} acts through")
        _need_controller(target, injector)
    if wanted.parameters and not injector.busy:
        injector.configure(injector.read(wanted.parameters))
    schedule = Schedule(
        delay=wanted.delay or 0.0,
        duration=wanted.duration,
        times=wanted.times or 1,
        pause=wanted.pause or 0.0,
    )
    anomalies.start(number, injector.name, schedule)
    variant = injector.values().get("variant")
    name = injector.anomaly.short or injector.name
    return Outcome(f"{name}/{variant} started" if variant else f"{name} started", injector.name)


def _need_controller(target: Aim, injector: Injector[Any]) -> None:
    if injector.anomaly.ends_charging and not target.stand.our_controller:
        raise CommandError(
            f"{injector.name} acts through the charge point, and {target.stand.name} is off its bus"
        )


@at_any_connector(told.STOP)
async def stop(works: Works, target: Aim | Spot, which: told.Which) -> Outcome[None]:
    anomalies, number = target.stand.anomalies, target.outlet.number
    injector = anomalies.at(number, which.name or "")
    on = [each for each in anomalies.busy_at(number) if each is not injector]
    if which.name or injector.busy or not on:
        text = await injector.stop()
        charged = injector.anomaly.ends_charging and (which.name is None or "safe" in text)
    else:
        charged = any(each.anomaly.ends_charging for each in on)
        text = "; ".join(await anomalies.stop(number))
    if charged and isinstance(target, Aim) and target.outlet.connector.busy:
        await end_charging(works, target)
    return Outcome(text, None)


# Parameters


def _take(target: Aim | Spot, parameters: Any, text: str) -> Outcome[dict[str, Any]]:
    injector = _chosen(target)
    injector.configure(parameters)
    return Outcome(text, injector.values())


@at_any_connector(told.SHORTER)
def shorter(_: Works, target: Aim | Spot, __: Nothing) -> Outcome[dict[str, Any]]:
    return _scale(target, PERIOD_FACTOR)


@at_any_connector(told.LONGER)
def longer(_: Works, target: Aim | Spot, __: Nothing) -> Outcome[dict[str, Any]]:
    return _scale(target, 1 / PERIOD_FACTOR)


def _scale(target: Aim | Spot, factor: float) -> Outcome[dict[str, Any]]:
    injector = _chosen(target)
    parameters = injector.anomaly.paced(injector.parameters, factor)
    cycle = injector.anomaly.cycle_of(parameters)
    if cycle.period:
        return _take(target, parameters, f"period {cycle.period:.2f} s")
    values = injector.anomaly.values(parameters)
    text = ", ".join(f"{name} {values[name]:g}" for name in injector.anomaly.pace)
    return _take(target, parameters, text)


@at_any_connector(told.WEAKER)
def weaker(_: Works, target: Aim | Spot, __: Nothing) -> Outcome[dict[str, Any]]:
    return _turn(target, -1)


@at_any_connector(told.STRONGER)
def stronger(_: Works, target: Aim | Spot, __: Nothing) -> Outcome[dict[str, Any]]:
    return _turn(target, 1)


@at_any_connector(told.LOWER_LOW)
def lower_low(_: Works, target: Aim | Spot, __: Nothing) -> Outcome[dict[str, Any]]:
    return _turn(target, -1, floor=True)


@at_any_connector(told.RAISE_LOW)
def raise_low(_: Works, target: Aim | Spot, __: Nothing) -> Outcome[dict[str, Any]]:
    return _turn(target, 1, floor=True)


def _turn(target: Aim | Spot, direction: int, *, floor: bool = False) -> Outcome[dict[str, Any]]:
    injector = _chosen(target)
    anomaly = injector.anomaly
    knob = anomaly.floor if floor else anomaly.strength
    parameters = anomaly.turned_up(injector.parameters, knob, direction)
    values = anomaly.values(parameters)
    text = ", ".join(
        f"{each.name} {values[each.name]:g}" for each in (anomaly.floor, anomaly.strength) if each
    )
    limit = target.outlet.stage.preset.default_limit if isinstance(target, Aim) else math.inf
    if remark := anomaly.remark(parameters, limit):
        text += f": {remark}"
    return _take(target, parameters, text)


@at_any_connector(told.VARIANT)
def variant(_: Works, target: Aim | Spot, __: Nothing) -> Outcome[str]:
    injector = _chosen(target)
    parameters, name = injector.anomaly.next_choice(injector.parameters)
    injector.configure(parameters)
    return Outcome(f"variant {name}", name)


@at_any_connector(told.JITTER)
def jitter(_: Works, target: Aim | Spot, __: Nothing) -> Outcome[dict[str, Any]]:
    value = after(JITTERS, _number(target, "jitter"))
    return _take(target, _chosen(target).read({"jitter": value}), f"jitter {value:.0%}")


@at_any_connector(told.CYCLES)
def cycles(_: Works, target: Aim | Spot, __: Nothing) -> Outcome[dict[str, Any]]:
    value = after(CYCLE_COUNTS, _number(target, "cycles"))
    return _take(target, _chosen(target).read({"cycles": value}), f"cycles {value or 'endless'}")


def _number(target: Aim | Spot, name: str) -> Any:
    """A parameter of the chosen anomaly.

    Raises:
        CommandError: it has none of that name.
    """
    values = _chosen(target).values()
    if name not in values:
        raise CommandError(f"{_chosen(target).name} has no {name}")
    return values[name]


@at_any_connector(told.SET)
def change(_: Works, target: Aim | Spot, wanted: told.ParameterChange) -> Outcome[dict[str, Any]]:
    injector = target.stand.anomalies.at(target.outlet.number, wanted.name or "")
    given: Mapping[str, Any] = wanted.parameters or {}
    injector.configure(injector.read(given))
    return Outcome("parameters set", injector.values())


# Attacks by hand


@at_connector(told.BEGIN_ATTACK)
def begin_attack(_: Works, target: Aim, attack: told.Attack) -> Outcome[None]:
    target.outlet.by_hand.begin(attack.name, attack.layer, effect=attack.effect)
    return Outcome(f"attack {attack.name} begins: what follows is part of it", None)


@at_connector(told.END_ATTACK)
def end_attack(_: Works, target: Aim, __: Nothing) -> Outcome[tuple[str, ...]]:
    ended = target.outlet.by_hand.end_all()
    if not ended:
        raise CommandError(f"no attack is on at connector {target.outlet.number}")
    return Outcome(f"attack {', '.join(ended)} ended", ended)


@in_lab(told.ALL_CLEAR)
async def all_clear(works: Works, _: Nothing) -> Outcome[None]:
    stands = works.stands.values()
    places = [(stand, number) for stand in stands for number in stand.outlets]
    for stand in stands:
        if stand.gateway is not None:
            stand.gateway.disarm()
    for stand, number in places:
        stand.outlets[number].by_hand.end_all()
    for stand in stands:
        stand.sender.stop()  # before a flood ends, behind which it may wait
    # All at once: connectors share a bus and a link, and what is done to these reaches them all.
    await asyncio.gather(
        *(stand.anomalies.stop(number) for stand, number in places),
        *(fall_silent(proxied) for proxied in works.proxied.values()),
    )
    for stand in stands:
        stand.fall_silent()
        for number, outlet in stand.outlets.items():
            await stand.anomalies.clear_leftovers(number)
            await end_charging(works, Aim(stand, outlet))
            await outlet.by_hand.settle(SAFE_WITHIN)
            stand.anomalies.reset(number)
    return Outcome("all clear: no anomaly, no transaction, default parameters", None)
