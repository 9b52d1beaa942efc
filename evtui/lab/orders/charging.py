"""Ordinary charging, begun and ended through our central system where there is one."""

from __future__ import annotations

from typing import Any

from evtui.commands import Nothing, Outcome
from evtui.commands import station as told
from evtui.lab.orders.handlers import Aim, CommandError, Works, at_connector

__all__ = ["end_charging"]


@at_connector(told.CHARGE, acting=True)
async def charge(works: Works, target: Aim, _: Nothing) -> Outcome[bool]:
    _need_our_controller(target)
    connector = target.outlet.connector
    if connector.busy:
        await end_charging(works, target)
        return Outcome("charging ends", False)
    if not works.settings.our_central_system:
        _present(target, works.settings.id_tag)
    else:
        start = {"idTag": works.settings.id_tag, "connectorId": connector.number}
        status = await _status_of(works, target, "RemoteStartTransaction", start)
        if status != "Accepted":
            raise CommandError(f"remote start {status}: connector is {connector.status}")
    text = "charging begins" if connector.plugged else "waiting for a vehicle: p plugs one in"
    return Outcome(text, True)


@at_connector(told.SWIPE, acting=True)
def swipe(works: Works, target: Aim, held: told.Swipe) -> Outcome[None]:
    _need_our_controller(target)
    id_tag = held.id_tag or works.settings.id_tag
    _present(target, id_tag)
    return Outcome(f"id tag {id_tag} presented at connector {target.outlet.number}", None)


def _need_our_controller(target: Aim) -> None:
    """Refuse to charge where a real controller says when the module does."""
    if not target.stand.our_controller:
        raise CommandError(
            f"{target.stand.name} is off its bus: a real controller orders the module there"
        )


def _present(target: Aim, id_tag: str) -> None:
    connector = target.outlet.connector
    if not connector.busy and not connector.startable:
        raise CommandError(f"connector {connector.number} is {connector.status}")
    connector.present(id_tag)


async def end_charging(works: Works, target: Aim) -> None:
    """End the transaction through our central system, else at the station itself.

    A start that still waits for a vehicle has no id to stop it by: it ends at the station.
    """
    connector = target.outlet.connector
    name = target.stand.name
    running = works.central_system.open_transaction(name, connector.number)
    if running is not None and works.central_system.is_connected(name):
        stop = {"transactionId": running.transaction_id}
        if await _status_of(works, target, "RemoteStopTransaction", stop) == "Accepted":
            return
    connector.stop("Local")


async def _status_of(works: Works, target: Aim, action: str, payload: dict[str, Any]) -> str:
    answer = await works.central_system.call(target.stand.name, action, payload)
    return str(answer["status"])
