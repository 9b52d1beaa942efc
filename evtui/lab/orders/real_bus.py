"""Carries out what the real CAN bus behind a charge point's is told."""

from __future__ import annotations

import asyncio

from evtui.anomalies import SAFE_WITHIN
from evtui.canbus import Gateway
from evtui.commands import Nothing, Outcome
from evtui.commands import real_bus as told
from evtui.lab.orders.handlers import Aim, CommandError, Works, at_connector


def _gateway(target: Aim) -> Gateway:
    gateway = target.stand.gateway
    if gateway is None:
        raise CommandError(f"{target.stand.name} has no real CAN bus: --can joins one")
    return gateway


@at_connector(told.ARM)
def arm(works: Works, target: Aim, wanted: told.Arming) -> Outcome[float]:
    gateway = _gateway(target)
    if wanted.bus != gateway.name:
        raise CommandError(f"the bus of {target.stand.name} is {gateway.name}, not {wanted.bus}")
    seconds = wanted.duration or works.settings.armed_for
    until = gateway.arm(seconds)
    return Outcome(f"{gateway.name} is armed for {seconds:g} s", until)


@at_connector(told.DISARM)
async def disarm(_: Works, target: Aim, __: Nothing) -> Outcome[None]:
    gateway, stand = _gateway(target), target.stand
    stand.sender.stop()
    gateway.disarm()
    stand.fall_silent()
    await asyncio.gather(*(stand.anomalies.stop(each, SAFE_WITHIN) for each in stand.outlets))
    return Outcome(f"{gateway.name} is not armed, and nothing is injected at {stand.name}", None)
