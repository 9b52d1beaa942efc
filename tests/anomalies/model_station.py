"""A central system and station reduced to what an injector can notice, for one test."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

from evtui.anomalies import Injector, Site, anomaly_named
from evtui.central_system.system import StationOffline
from evtui.central_system.transactions import Transaction
from evtui.events import AnomalyState, Event, EventStream, Note
from evtui.runtime.clock import LoopClock

FOREIGN_PROFILE = ("ChargePointMaxProfile", 3)


class ModelStation:
    """Answers after ``latency`` s; transactions open and close that much later.

    Attributes:
        sent: time, action and the fact that matters, of every operation asked of it.
        trouble: raised by, or returned as the status of, every operation while it is set.
        profiles: purpose and id of the profiles set at the station.
    """

    def __init__(self, latency: float = 0.0) -> None:
        self.latency = latency
        self.connected = True
        self.plugged = True
        self.trouble: Exception | str | None = None
        self.profiles = {FOREIGN_PROFILE}
        self.sent: list[tuple[float, str, Any]] = []
        self.transaction: Transaction | None = None
        self._count = 0
        self._waiting = False
        self._later: set[asyncio.Task[Any]] = set()

    @property
    def current(self) -> float:
        return 100.0 if self.transaction else 0.0

    def plug(self) -> None:
        """A vehicle comes; a remote start that waits for one takes effect."""
        self.plugged = True
        if self._waiting:
            self._soon(opened=True)

    def is_connected(self, station: str) -> bool:
        return self.connected

    def open_transaction(self, station: str, connector: int) -> Transaction | None:
        return self.transaction

    def unended_transaction(self, station: str, connector: int) -> Transaction | None:
        return self.transaction

    async def call(
        self, station: str, action: str, payload: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        if not self.connected:
            raise StationOffline(f"{station} is not connected")
        self.sent.append((asyncio.get_running_loop().time(), action, _fact(payload)))
        # On its way, whatever happens to the one who asked.
        answer = asyncio.create_task(self._answer(action, payload))
        self._later.add(answer)
        return await asyncio.shield(answer)

    async def _answer(self, action: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        await asyncio.sleep(self.latency / 2)
        status = self._obey(action, payload)
        await asyncio.sleep(self.latency / 2)
        if isinstance(status, Exception):
            raise status
        return {"status": status}

    def _obey(self, action: str, payload: Mapping[str, Any]) -> str | Exception:
        if self.trouble is not None:
            return self.trouble
        match action:
            case "SetChargingProfile":
                profile = payload["csChargingProfiles"]
                purpose, profile_id = (
                    profile["chargingProfilePurpose"],
                    profile["chargingProfileId"],
                )
                self._remove(profile_id, purpose)
                self.profiles.add((purpose, profile_id))
            case "ClearChargingProfile":
                return "Accepted" if self._remove(payload["id"]) else "Unknown"
            case "RemoteStartTransaction":
                if self.transaction is not None:
                    return "Rejected"
                if self.plugged:
                    self._soon(opened=True)
                else:
                    self._waiting = True
            case "RemoteStopTransaction":
                running = self.transaction
                if running is None or payload["transactionId"] != running.transaction_id:
                    return "Rejected"
                self._soon(opened=False)
        return "Accepted"

    def _remove(self, profile_id: int, purpose: str = "") -> bool:
        gone = {each for each in self.profiles if each[0] == purpose or each[1] == profile_id}
        self.profiles -= gone
        return bool(gone)

    def _soon(self, *, opened: bool) -> None:
        async def happen() -> None:
            await asyncio.sleep(self.latency)
            if opened:
                self._count += 1
                self.transaction = Transaction(
                    self._count, "CP1", 1, "TAG", 0, "2026-01-01T00:00:00Z"
                )
            else:
                self.transaction = None

        self._later.add(asyncio.create_task(happen()))


def _fact(payload: Mapping[str, Any]) -> Any:
    profile = payload.get("csChargingProfiles")
    if profile is not None:
        return profile["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"]
    return payload.get("transactionId") or payload.get("id")


class Bench:
    """An injector facing a model station, on the running loop; lab time is 0 now."""

    def __init__(
        self,
        *,
        latency: float = 0.0,
        seed: int = 1,
        **parameters: Any,
    ) -> None:
        clock = LoopClock(asyncio.get_running_loop(), 0.0)
        self.stream = EventStream(clock)
        self.events: list[Event] = []
        self.stream.subscribe(self.events.append)
        self.station = ModelStation(latency)
        unused: Any = None
        site = Site(
            stream=self.stream,
            clock=clock,
            station="CP1",
            connector=1,
            id_tag="TAG",
            current=lambda: self.station.current,
            operator=self.station,
            charge_point=unused,
            line=unused,
            station_clock=unused,
            bus=cast(Any, SimpleNamespace(guard=lambda: "")),
            pack=unused,
            module=unused,
            stage=unused,
            replug=unused,
            profile_ids=iter(()),
        )
        anomaly = anomaly_named("repeated-current-fluctuation")
        self.injector = Injector(anomaly, site, anomaly.read(parameters), random.Random(seed))

    def set(self, **parameters: Any) -> None:
        """Change parameters of the anomaly."""
        self.injector.configure(self.injector.read(parameters))

    @property
    def truth(self) -> list[AnomalyState]:
        return [event for event in self.events if isinstance(event, AnomalyState)]

    @property
    def steps(self) -> list[AnomalyState]:
        return [state for state in self.truth if state.change == "step"]

    @property
    def changes(self) -> list[str]:
        """Changes that begin and end an attack, in order."""
        ends = ("on", "off", "safe", "failed")
        return [state.change for state in self.truth if state.change in ends]

    @property
    def notes(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Note)]

    async def run(self, seconds: float) -> None:
        """Start the anomaly and let it run."""
        self.injector.start()
        await asyncio.sleep(seconds)
