"""How a charge point is, as far as an anomaly may have changed it."""

from __future__ import annotations

from typing import Any

import msgspec

from evtui.lab import FIRST_CONNECTOR, Lab, Stand
from evtui.power import Faults

__all__ = ["Condition"]

RESTED = ("Available", "Preparing", "Finishing")
"""Statuses in which nothing goes on; Finishing while the cable of an ended transaction is still in
(OCPP 1.6 section 4.9)."""

AT_REST = 1.0
"""A below which the current counts as gone."""


class Condition(msgspec.Struct, frozen=True):
    """What must be after an anomaly as it was before it.

    Attributes:
        configuration: key to value.
        profiles: charging profiles that do not end with a transaction.
        reservations: of its connectors.
        inoperative: connectors that were made so.
        nodes: on its bus.
        hooks: what sits on its line, disturbs its bus or breaks its power stages or modules.
    """

    configuration: dict[str, str]
    profiles: list[dict[str, Any]]
    reservations: list[dict[str, Any]]
    inoperative: list[int]
    nodes: list[str]
    hooks: list[str]

    @classmethod
    def of(cls, stand: Stand) -> Condition:
        """As it is now."""
        station = stand.charge_point
        entries, _ = station.configuration.report(None)
        return cls(
            configuration={each.key: each.text for each in entries},
            profiles=station.profiles.export(),
            reservations=station.reservations.export(),
            inoperative=station.availability.export(),
            nodes=[node.name for node in stand.bus.nodes],
            hooks=_hooks(stand),
        )

    def left(self, lab: Lab, stand: Stand) -> list[str]:
        """What is not as it was, or not at rest; one line each.

        A connector may be Faulted while the truth says that an effect lasts: what is hot is not
        charged with.
        """
        now = Condition.of(stand)
        lines = [
            f"{key} is {now.configuration.get(key)}, before {self.configuration.get(key)}"
            for key in {**self.configuration, **now.configuration}
            if now.configuration.get(key) != self.configuration.get(key)
        ]
        for name in ("profiles", "reservations", "inoperative", "nodes", "hooks"):
            before, after = getattr(self, name), getattr(now, name)
            if before != after:
                lines.append(f"{name} are {after}, before {before}")
        if not stand.charge_point.accepted:
            lines.append("the station is not connected")
        hot = {each.run.connector for each in stand.anomalies.all if each.fading}
        for number, outlet in stand.outlets.items():
            lines += _unrest(lab, stand, number)
            if outlet.connector.status not in RESTED and number not in hot:
                lines.append(f"connector {number} is {outlet.connector.status}")
        if len(stand.charge_point.profiles) > len(self.profiles):
            lines.append("a profile of a transaction is installed")
        for injector in stand.anomalies.all:
            if injector.run.attack_id:  # it was on
                lines += [f"{injector.name}: {each}" for each in injector.left]
            if injector.busy:
                lines.append(f"{injector.name} is still on, or being undone")
        return lines


def _unrest(lab: Lab, stand: Stand, number: int) -> list[str]:
    outlet = stand.outlets[number]
    current = outlet.stage.state.current
    lines = [f"{current:.1f} A flow at connector {number}"] if current > AT_REST else []
    if outlet.connector.transaction is not None or outlet.connector.busy:
        lines.append(f"a transaction runs at connector {number}")
    running = lab.central_system.open_transaction(stand.name, number)
    if running is not None:
        lines.append(f"transaction {running.transaction_id} is open in the central system")
    return lines


def _hooks(stand: Stand) -> list[str]:
    site, outbox = stand.anomalies.chosen(FIRST_CONNECTOR).run.site, stand.charge_point.outbox
    told = {
        "somebody sits on the line": site.line.busy,
        "its clock is wrong": site.station_clock.skewed,
        "it is mute": outbox.mute,
        f"it says no {', '.join(sorted(outbox.withheld))}": outbox.withheld,
        "frames are muted": stand.bus.mutes,
        "frames are disturbed": stand.bus.disturbed,
        "messages are sent by hand": stand.sender.running,
        "a node is bus off": any(node.state == "bus off" for node in stand.bus.nodes),
    }
    broken = [
        f"power stage {number} has {outlet.stage.faults}"
        for number, outlet in stand.outlets.items()
        if outlet.stage.faults != Faults()
    ]
    broken += [
        f"modules {sorted(outlet.module.failed)} of connector {number} have failed"
        for number, outlet in stand.outlets.items()
        if outlet.module.failed
    ]
    return [*(what for what, holds in told.items() if holds), *broken]
