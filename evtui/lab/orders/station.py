"""Carries out what charge points, ours and others, the detectors and the lab itself are told."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from msgspec.structs import replace

from evtui.commands import Nothing, Outcome
from evtui.commands import station as told
from evtui.config import PRESETS, VEHICLE_NAMES
from evtui.detection import FED_FROM, VIEWS, View
from evtui.events import Mark
from evtui.lab.orders.handlers import Aim, CommandError, Works, at_connector, in_lab
from evtui.lab.orders.turns import after
from evtui.power import VEHICLES
from evtui.power import preset as power_preset

VIEW_CHOICES: tuple[tuple[View, ...], ...] = (VIEWS, *((view,) for view in VIEWS))

IMAGE = "evtui-lab.bin"
"""A firmware image that our charge points can install; see evtui.station.files.firmware."""

# Ours


@at_connector(told.PLUG, acting=True)
def plug(works: Works, target: Aim, _: Nothing) -> Outcome[bool]:
    target.outlet.plug_or_unplug()
    works.publish_state(target.stand)
    plugged = target.outlet.connector.plugged
    return Outcome("vehicle plugged in" if plugged else "vehicle unplugged", plugged)


@at_connector(told.VEHICLE, acting=True)
def vehicle(works: Works, target: Aim, _: Nothing) -> Outcome[str]:
    """Another one arrives, as charged as the first; where one was plugged in, it is too."""
    outlet = target.outlet
    if outlet.connector.busy:
        raise CommandError(f"a vehicle is charging: {told.CHARGE.keys[0]} ends that first")
    name = after(VEHICLE_NAMES, outlet.vehicle_name)
    plugged = outlet.connector.plugged
    if plugged:
        outlet.plug_or_unplug()
    outlet.vehicle = replace(VEHICLES[name], soc=works.settings.soc)
    if plugged:
        outlet.plug_or_unplug()
    works.publish_state(target.stand)
    return Outcome(f"vehicle {name}{'' if plugged else ', not plugged in'}", name)


@at_connector(told.PRESET, acting=True)
def preset(works: Works, target: Aim, _: Nothing) -> Outcome[str]:
    """Of modules that give DC alone, the AC supply is passed over."""
    here = target.stand
    able = tuple(each for each in PRESETS if here.pack.ac or power_preset(each).ac is None)
    name = after(able, here.preset)
    here.switch(name, works.settings.meter_interval_for(name))
    return Outcome(f"preset {name}", name)


@at_connector(told.STRICT, acting=True)
def strict(_: Works, target: Aim, __: Nothing) -> Outcome[bool]:
    configuration = target.stand.charge_point.configuration
    strict = not configuration.flag("EvtuiStrictTxProfile")
    configuration.set("EvtuiStrictTxProfile", strict)
    does = "rejected" if strict else "taken"
    mode = "strict" if strict else "lenient"
    return Outcome(f"{mode}: a TxProfile without a transaction is {does}", strict)


# Any, ours or not


@in_lab(told.CALL)
async def call(works: Works, wanted: told.Call) -> Outcome[dict[str, Any]]:
    station, action = wanted.station, wanted.action
    with _attack_at(works, station, action):
        works.need_our_central_system("operations are sent by")
        begun = works.stream.now()
        answer = await works.central_system.call(station, action, wanted.payload or {})
        took = (works.stream.now() - begun) * 1000
    return Outcome(f"{action} to {station}: {_in_short(answer)}, {took:.0f} ms", answer)


def _attack_at(works: Works, station: str, action: str) -> AbstractContextManager[None]:
    """What is called at one of ours is a step of an attack that is on there."""
    stand = works.stands.get(station)
    if stand is None:
        return nullcontext()
    attacks = [outlet.by_hand for outlet in stand.outlets.values()]
    attacked = next((each for each in attacks if each.on), attacks[0])
    return attacked.acting(action)


def _in_short(answer: dict[str, Any]) -> str:
    """An answer in a few words: its status, or what it holds."""
    if "configurationKey" in answer or "unknownKey" in answer:
        known, unknown = (len(answer.get(name, ())) for name in ("configurationKey", "unknownKey"))
        return f"{known} keys, {unknown} unknown" if unknown else f"{known} keys"
    if "chargingSchedule" in answer:
        schedule = answer["chargingSchedule"]
        unit = schedule["chargingRateUnit"]
        periods = schedule["chargingSchedulePeriod"]
        limits = "; ".join(f"{each['startPeriod']} s {each['limit']:g} {unit}" for each in periods)
        return f"{answer['status']}: {limits}"
    if "status" in answer:
        return str(answer["status"])
    return ", ".join(f"{name} {value}" for name, value in answer.items()) or "done"


@in_lab(told.FILES)
def files(works: Works, _: Nothing) -> Outcome[dict[str, str]]:
    """URLs by operation and field; the server runs from the first time that somebody asks."""
    works.need_our_central_system("files are kept by")
    server = works.central_system.files
    version = f"{works.settings.firmware or 'lab'}+1"[:50]
    places = {
        told.DIAGNOSTICS_FIELD: server.diagnostics_url,
        told.FIRMWARE_FIELD: server.add(IMAGE, f"evtui-firmware {version}\n".encode()),
    }
    return Outcome(f"files are kept at {server.url}", places)


@in_lab(told.ADMIT)
def admit(works: Works, peer: told.Peer) -> Outcome[None]:
    works.need_our_central_system("stations are let in by")
    works.central_system.admit(peer.station)
    return Outcome(f"{peer.station} is let in", None)


@in_lab(told.TURN_AWAY)
def turn_away(works: Works, peer: told.Peer) -> Outcome[None]:
    works.need_our_central_system("stations are let in by")
    works.central_system.turn_away(peer.station)
    return Outcome(f"{peer.station} is turned away", None)


# The lab itself


@in_lab(told.VIEWS)
def views(works: Works, _: Nothing) -> Outcome[tuple[str, ...]]:
    works.detector.watch(after(VIEW_CHOICES, works.detector.views))
    for stand in works.stands.values():
        works.publish_state(stand)
    fed = works.detector.views
    return Outcome("detector fed from " + " and ".join(FED_FROM[view] for view in fed), fed)


@in_lab(told.RESTART)
def restart(works: Works, _: Nothing) -> Outcome[tuple[str, ...]]:
    names = tuple(works.supervisor.restart())
    return Outcome(f"restarted {', '.join(names)}" if names else "no part has crashed", names)


@in_lab(told.RECORD)
def record(works: Works, _: Nothing) -> Outcome[None]:
    if works.recordings is None:
        raise CommandError("whoever started this lab records it")
    return Outcome(works.recordings.toggle(), None)


@in_lab(told.MARK)
def mark(works: Works, wanted: told.MarkWords) -> Outcome[None]:
    words = wanted.text or "mark"
    works.stream.publish(Mark(source="lab", station=wanted.station, text=words, at=wanted.at))
    return Outcome(f"marked: {words}", None)
