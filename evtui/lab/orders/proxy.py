"""Carries out what a charge point of somebody else is told that connects through here."""

from __future__ import annotations

import asyncio

from evtui.anomalies import SAFE_WITHIN
from evtui.commands import Nothing, Outcome
from evtui.commands import proxy as told
from evtui.lab.orders.handlers import Aim, CommandError, Spot, Works, at_any_connector
from evtui.lab.stand import ProxiedStand

__all__ = ["fall_silent"]


def _proxied(target: Aim | Spot) -> ProxiedStand:
    if isinstance(target, Aim):
        raise CommandError(f"{target.stand.name} is ours: nothing to arm")
    return target.stand


@at_any_connector(told.ARM)
def arm(works: Works, target: Aim | Spot, wanted: told.ArmedFor) -> Outcome[float]:
    stand = _proxied(target)
    seconds = wanted.duration or works.settings.armed_for
    return Outcome(f"{stand.name} is armed for {seconds:g} s", stand.arming.arm(seconds))


@at_any_connector(told.DISARM)
async def disarm(_: Works, target: Aim | Spot, __: Nothing) -> Outcome[None]:
    stand = _proxied(target)
    await fall_silent(stand)
    return Outcome(f"{stand.name} is not armed, and nothing is injected there", None)


async def fall_silent(stand: ProxiedStand, within: float = SAFE_WITHIN) -> None:
    """End every anomaly at it, and allow none."""
    stand.arming.disarm()
    await asyncio.gather(*(stand.anomalies.stop(number, within) for number in stand.outlets))
    for number in stand.outlets:
        await stand.anomalies.clear_leftovers(number)
        stand.anomalies.reset(number)
