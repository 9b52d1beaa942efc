"""Anomalies at a charge point, switched on and off at given times: what happened, what is left."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from evtui.anomalies import Anomaly, anomaly_named
from evtui.config import PresetName, Settings
from evtui.events import AnomalyState, CanFrame, Event, Note
from evtui.lab import FIRST_CONNECTOR, CommandError, Lab, Stand
from evtui.runtime import LoopClock, run_virtual
from evtui.testing.condition import Condition

__all__ = ["SAFE_WITHIN", "Planned", "Trial", "run_trial"]

START_UTC = 1_700_000_000.0

SAFE_WITHIN = 10.0
"""s after all clear in which everything must be as it was."""

SOONER = 0.013
"""s by which one looks sooner: what comes every ten seconds is not on its way at that moment."""

WATCHED = 1.0
"""s after that in which nothing forged may be sent."""

CHARGING_WITHIN = 120.0
"""s in which a vehicle charges that was told to."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """An anomaly that is to be on.

    Attributes:
        anomaly: it, or its name.
        connector: where, from 1; ``connectors`` among the lab's settings says how many there are.
        parameters: by name; the others have their defaults.
        on: s from the begin of the trial.
        off: likewise; None leaves it to all clear.
        changes: parameters that are set while it is on, by s from the begin.
    """

    anomaly: type[Anomaly[Any]] | str
    connector: int = FIRST_CONNECTOR
    parameters: Mapping[str, Any] = field(default_factory=dict)
    on: float = 0.0
    off: float | None = None
    changes: Mapping[float, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def kind(self) -> type[Anomaly[Any]]:
        """Its declaration."""
        return anomaly_named(self.anomaly) if isinstance(self.anomaly, str) else self.anomaly


@dataclass(kw_only=True)
class Trial:
    """What came of it.

    Attributes:
        events: all of the lab's.
        refused: why an anomaly was not switched on, by name.
        begun: lab time in s of the begin.
        cleared: lab time in s of all clear.
        left: what was not as before 10 s later; empty when all is well.
    """

    events: list[Event] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    begun: float = 0.0
    cleared: float = 0.0
    left: list[str] = field(default_factory=list)

    def truth(self, name: str) -> list[AnomalyState]:
        """What the injector said of an anomaly, oldest first, from its first start on."""
        return [
            each
            for each in self.events
            if isinstance(each, AnomalyState) and each.anomaly == name and each.attack_id
        ]

    @property
    def notes(self) -> list[str]:
        """What injectors said beside the truth."""
        return [
            each.text
            for each in self.events
            if isinstance(each, Note) and each.source == "injector"
        ]


def run_trial(
    *planned: Planned,
    seconds: float = 30.0,
    seed: int = 1,
    charging: bool = True,
    connected: bool = True,
    preset: PresetName | None = None,
    **settings: Any,
) -> Trial:
    """Have anomalies on at a charge point of our own, in virtual time and without files.

    Args:
        planned: switched on and off at their times, as far as these come before all clear.
        seconds: from the begin to all clear.
        seed: of everything random.
        charging: a vehicle charges when it begins; else one is plugged in.
        connected: the charge point is connected when it begins; else the lab has just been made.
        preset: power stage; default: dc, unless an anomaly says what it needs.
        settings: others of the lab; MeterValues come every second where nothing else is said.
    """
    trial = Trial()
    told: dict[str, Any] = {"preset": "dc", "meter_interval": 1.0}
    for each in planned:
        told |= each.kind.lab
    told |= settings if preset is None else settings | {"preset": preset}
    run_virtual(
        _run(
            trial,
            planned,
            seconds,
            charging and connected,
            connected,
            Settings(port=0, seed=seed, **told),
        )
    )
    return trial


async def _run(
    trial: Trial,
    planned: tuple[Planned, ...],
    seconds: float,
    charging: bool,
    connected: bool,
    settings: Settings,
) -> None:
    loop = asyncio.get_running_loop()
    clock = LoopClock(loop, START_UTC)
    lab = Lab(settings, clock, readers=(trial.events.append,), link="memory")
    stand = lab.stands[settings.id]
    for each in planned:
        stand.anomalies.bring(each.kind)
    try:
        if connected:
            await lab.start()
        if charging:
            await lab.execute("station.charge", connector=FIRST_CONNECTOR)
            await _until_charging(stand)
        before = Condition.of(stand)
        trial.begun = clock.now()
        orders = [
            loop.create_task(_order(trial, lab, *each))
            for each in _orders(planned)
            if each[0] < seconds
        ]
        await asyncio.sleep(seconds)
        if connected:
            trial.cleared = clock.now()
            await _clear(trial, lab, before)
        await asyncio.gather(*orders)
    finally:
        await lab.stop()


def _orders(planned: tuple[Planned, ...]) -> Iterator[tuple[float, str, dict[str, Any]]]:
    """What is ordered: when, the command, its arguments."""
    for each in planned:
        name = {"name": each.kind.name, "connector": each.connector}
        yield each.on, "anomaly.start", name | {"parameters": dict(each.parameters)}
        for when, parameters in each.changes.items():
            yield when, "anomaly.set", name | {"parameters": dict(parameters)}
        if each.off is not None:
            yield each.off, "anomaly.stop", name


async def _order(
    trial: Trial, lab: Lab, when: float, command: str, arguments: dict[str, Any]
) -> None:
    await asyncio.sleep(when)
    try:
        await lab.execute(command, **arguments)
    except CommandError as error:
        trial.refused.setdefault(arguments["name"], str(error))


async def _clear(trial: Trial, lab: Lab, before: Condition) -> None:
    loop = asyncio.get_running_loop()
    stand = lab.stands[lab.settings.id]
    end = loop.time() + SAFE_WITHIN - SOONER
    clearing = loop.create_task(lab.execute("lab.all_clear"))
    await asyncio.wait({clearing}, timeout=SAFE_WITHIN - SOONER)
    if not clearing.done():
        trial.left.append(f"all clear takes more than {SAFE_WITHIN:g} s")
    await asyncio.sleep(max(0.0, end - loop.time()))
    trial.left += before.left(lab, stand)
    since = trial.events[-1].seq
    await asyncio.sleep(WATCHED)
    trial.left += _forged(trial, before, since)
    clearing.cancel()
    await asyncio.wait({clearing})


def _forged(trial: Trial, before: Condition, since: int) -> list[str]:
    """What anomalies still send after event ``since``."""
    steps = {each.seq for each in trial.events if isinstance(each, AnomalyState) and each.active}
    lines = []
    for each in trial.events[::-1]:
        if each.seq <= since:
            break
        if isinstance(each, CanFrame) and each.node not in before.nodes:
            lines.append(f"{each.node} still sends 0x{each.arbitration_id:x}")
        elif each.cause in steps:
            lines.append(f"{type(each).__name__} is still caused by an anomaly")
    return sorted(set(lines))


async def _until_charging(stand: Stand) -> None:
    connector = stand.outlets[FIRST_CONNECTOR].connector
    async with asyncio.timeout(CHARGING_WITHIN):
        while connector.status != "Charging":  # noqa: ASYNC110
            await asyncio.sleep(0.1)
