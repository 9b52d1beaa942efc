"""The kit finds an anomaly that breaks a promise."""

from __future__ import annotations

import random
from itertools import count
from typing import Any, ClassVar

import pytest

from evtui.anomalies import Anomaly, Need, Parameters, Run, Signature, parameter
from evtui.kinds import Choice, Integer, Number, Switch
from evtui.testing import PROMISES, BrokenPromise, Planned, keep, random_parameters, run_trial


class TwoParameters(Parameters):
    high_a: float = parameter(Number(1, 100, "A"), "highest limit", default=32.0)
    hold_s: float = parameter(Number(1, 600, "s"), "between two limits", default=5.0)


class Good(Anomaly[Any]):
    """Keeps every promise; the others each break one."""

    name = "good"
    layer = "ocpp"
    title = "Good"
    about = "The central system sets a limit and another limit and yet another one, without an end."
    signature = Signature("SetChargingProfile", "SetLimit", "follows")
    techniques = ("T0806",)
    severity = 2
    stakes = ("grid",)
    references: ClassVar[tuple[str, ...]] = ("none",)
    needs: ClassVar[frozenset[Need]] = frozenset({"central system"})
    ends = "at once"
    undone = "ClearChargingProfile"
    Parameters: ClassVar[type[Any]] = TwoParameters

    async def act(self, run: Run[Any]) -> None:
        profile_id = next(run.site.profile_ids)
        while True:
            await self.one(run, profile_id)
            await run.wait(run.parameters.hold_s)

    async def one(self, run: Run[Any], profile_id: int) -> None:
        limit = run.chance.uniform(0.0, run.parameters.high_a)
        target = run.central_system
        sent = target.set_profile(profile_id, limit, "TxDefaultProfile", of_transaction=False)
        await run.step(f"limit {limit:.1f} A", sent)


class UndeclaredParameters(Parameters):
    limit: float = parameter(Number(1, 100, "A"), "Highest limit.", default=0.0)


class Undeclared(Good):
    name = "Not good"
    references = ()

    Parameters = UndeclaredParameters


class _Anything(Number):
    def check(self, value: object) -> float:
        return float(str(value))


class UnboundedParameters(Parameters):
    high_a: float = parameter(_Anything(1, 100, "A"), "highest limit", default=32.0)
    hold_s: float = parameter(Number(1, 600, "s"), "between two limits", default=5.0)


class Unbounded(Good):
    name = "unbounded"

    Parameters = UnboundedParameters


_counted = count()


class Unseeded(Good):
    name = "unseeded"

    async def one(self, run: Run[Any], profile_id: int) -> None:
        await run.step(f"number {next(_counted)}")


class Silent(Good):
    name = "silent"

    async def one(self, run: Run[Any], profile_id: int) -> None:
        target = run.central_system
        await target.set_profile(profile_id, 6.0, "TxDefaultProfile", of_transaction=False)


class Leaving(Good):
    name = "leaving"

    async def one(self, run: Run[Any], profile_id: int) -> None:
        """By another way than the target, which cannot know of it."""
        run.site.charge_point.configuration.set("HeartbeatInterval", 7)
        await run.step("HeartbeatInterval 7 s")


class Stubborn(Good):
    name = "stubborn"

    def left(self, run: Run[Any]) -> str:
        return "it does not want to go"


class Faulty(Good):
    name = "faulty"

    async def one(self, run: Run[Any], profile_id: int) -> None:
        await run.step("fall", self._fall())

    async def _fall(self) -> None:
        raise KeyError("nothing")


@pytest.mark.parametrize("promise", PROMISES)
def test_a_good_one_keeps_them_all(promise: str) -> None:
    keep(Good, promise)


@pytest.mark.parametrize(
    ("anomaly", "promise", "told"),
    [
        (Undeclared, "declaration", "references is empty"),
        (Undeclared, "declaration", "parameter limit does not end with its unit, A"),
        (Undeclared, "declaration", "the default 0.0 of limit is out of its range"),
        (Unbounded, "parameters", "high_a may be out of its range"),
        (Unseeded, "seed", "in the same run again"),
        (Silent, "truth", "the truth tells no step"),
        (Faulty, "truth", "a defect: fall: KeyError('nothing')"),
        (Leaving, "safe ending", "HeartbeatInterval is 7, before"),
        (Leaving, "nothing left", "HeartbeatInterval is 7, before"),
        (Stubborn, "safe ending", "it does not want to go"),
    ],
)
def test_a_bad_one_is_told_how_it_breaks_one(
    anomaly: type[Anomaly[Any]], promise: str, told: str
) -> None:
    with pytest.raises(BrokenPromise) as broken:
        keep(anomaly, promise)
    assert told in str(broken.value)
    assert all(line.startswith(f"{anomaly.name}: ") for line in str(broken.value).splitlines())


def test_two_that_want_the_same_are_not_on_at_once() -> None:
    class One(Good):
        name = "one"
        claims = frozenset({"limit"})

    class Other(One):
        name = "other"

    trial = run_trial(Planned(anomaly=One), Planned(anomaly=Other, on=1.0), seconds=3.0)
    assert "one, which is on, both want the limit" in trial.refused["other"]
    assert trial.truth("other") == []
    assert [each.change for each in trial.truth("one")][-2:] == ["off", "safe"]
    assert trial.left == []


def test_each_connector_has_its_own() -> None:
    trial = run_trial(
        Planned(anomaly=Good), Planned(anomaly=Good, connector=2, on=1.0), seconds=5.0, connectors=2
    )
    assert trial.refused == {}
    assert {each.connector for each in trial.truth("good") if each.change == "step"} == {1, 2}
    assert trial.left == []


class Varied(Parameters):
    low: int = parameter(Integer(-3, 5), "x", default=0)
    high: float = parameter(Number(0, 1e6), "x", default=1.0)
    kind: str = parameter(Choice("a", "b"), "x", default="a")
    often: bool = parameter(Switch(), "x", default=False)

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")


class Drawn(Good):
    name = "drawn"
    Parameters = Varied


def test_parameters_at_random_are_of_every_size_within_their_ranges_and_go_together() -> None:
    chance = random.Random(1)
    drawn = [Drawn.read(random_parameters(Drawn, chance)) for _ in range(300)]
    assert {each.low for each in drawn} == set(range(-3, 6))
    assert {each.kind for each in drawn} == {"a", "b"}
    assert {each.often for each in drawn} == {True, False}
    sizes = {len(str(int(each.high))) for each in drawn}
    assert sizes == set(range(1, 8))
