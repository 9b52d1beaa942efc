"""A lab in which one anomaly of the central system is switched on, seen, and switched off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from evtui.events import AnomalyState, OcppMessage
from tests.lab_rig import LabRig, running_lab

__all__ = ["Attack", "attacked"]


class Attack:
    """One anomaly at the first connector of a lab."""

    def __init__(self, rig: LabRig, name: str) -> None:
        self.rig = rig
        self.name = name
        self._begun = 0

    async def charge(self) -> None:
        """Have the vehicle charged, for long enough that the current has settled."""
        await self.rig.execute("station.charge")
        await self.rig.until(lambda: self.rig.current > 90)
        await asyncio.sleep(5.0)

    async def run(self, seconds: float, **parameters: Any) -> None:
        """Switch it on and let it be on."""
        self._begun = self.rig.lab.stream.last_seq
        await self.rig.execute("anomaly.start", connector=1, name=self.name, parameters=parameters)
        await asyncio.sleep(seconds)

    async def change(self, **parameters: Any) -> None:
        """Change parameters while it is on."""
        await self.rig.execute("anomaly.set", name=self.name, parameters=parameters)

    async def stop(self) -> str:
        """Switch it off; what it says in the end."""
        return await self.rig.execute("anomaly.stop", name=self.name)

    async def ended(self, within: float = 60.0) -> None:
        """Wait until it has ended by itself."""
        await self.rig.until(lambda: self.rig.changes and self.rig.changes[-1] != "on", within)
        await self.rig.until(lambda: self.rig.changes[-1] != "off")

    @property
    def steps(self) -> list[AnomalyState]:
        """What it did, as the truth has it."""
        return [each for each in self.rig.of(AnomalyState) if each.change == "step"]

    def sent(self, action: str) -> list[dict[str, Any]]:
        """Payloads of the calls of an action since it was switched on, by whoever sent them."""
        return [dict(each.payload) for each in self.calls(action)]

    def calls(self, action: str) -> list[OcppMessage]:
        """The calls themselves."""
        return [
            each
            for each in self.rig.of(OcppMessage)
            if (each.action, each.kind, each.phase) == (action, "call", "sent")
            and each.seq > self._begun
        ]

    def limits(self) -> list[float]:
        """A of the profiles that were set, in their order."""
        return [
            each["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"]
            for each in self.sent("SetChargingProfile")
        ]

    async def ask(self, action: str, **payload: Any) -> dict[str, Any]:
        """What the station answers our central system."""
        return await self.rig.lab.central_system.call(self.rig.lab.settings.id, action, payload)

    async def key(self, name: str) -> str:
        """Value of a configuration key, as the station says."""
        (entry,) = (await self.ask("GetConfiguration", key=[name]))["configurationKey"]
        return str(entry["value"])

    async def limit(self) -> float:
        """A that the station says may be drawn."""
        answer = await self.ask("GetCompositeSchedule", connectorId=1, duration=60)
        return float(answer["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"])


@asynccontextmanager
async def attacked(name: str, **settings: Any) -> AsyncIterator[Attack]:
    """A lab that is up, with strict stations of the preset ``dc`` unless said otherwise."""
    given: dict[str, Any] = {"preset": "dc", "strict": True} | settings
    async with running_lab(**given) as rig:
        yield Attack(rig, name)
