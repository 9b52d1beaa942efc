"""Several anomalies at a charge point: which is chosen, which exclude each other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from evtui.anomalies import DEFAULT, Anomaly, AnomalyError, Need, Run, Signature, catalogue
from evtui.config import Settings
from evtui.events import AnomalyState, LabState
from evtui.lab import CommandError, Lab
from evtui.runtime.virtual import run_virtual


class _Claiming(Anomaly[Any]):
    """One that only wants something for itself."""

    layer = "ocpp"
    title = "Claims"
    about = "Does nothing."
    signature = Signature("", "", "")
    techniques = ()
    severity = 1
    stakes = ()
    references = ()
    needs: ClassVar[frozenset[Need]] = frozenset()
    ends = "at once"
    undone = "nothing to undo"

    async def act(self, run: Run[Any]) -> None:
        await run.step("nothing")
        await run.for_ever()


class LimitOfConnector(_Claiming):
    name = "limit-of-connector"
    claims = frozenset({"limit"})


class ClockOfStation(_Claiming):
    name = "clock-of-station"
    claims = frozenset({"station clock"})


class ClockToo(_Claiming):
    name = "clock-too"
    claims = frozenset({"station clock", "limit"})


class Harmless(_Claiming):
    name = "harmless"


@pytest.fixture(autouse=True)
def small_catalogue(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """These anomalies are found by their names, beside the built-in ones."""
    there = dict(catalogue.listed())
    for each in (LimitOfConnector, ClockOfStation, ClockToo, Harmless):
        there[each.name] = catalogue.Listed(each.name, __name__, each.__name__, "tests")
    monkeypatch.setattr(catalogue, "listed", lambda: there)
    yield
    catalogue.anomaly_named.cache_clear()


def in_lab(scenario: Any, **settings: Any) -> list[AnomalyState]:
    """The truth of a lab in which something is done."""
    truth: list[AnomalyState] = []

    async def main() -> None:
        async with Lab(Settings(**settings), link="memory") as lab:
            lab.stream.subscribe(truth.append, AnomalyState)
            await scenario(lab)

    run_virtual(main())
    return truth


def test_several_are_on_at_once_and_one_key_ends_all_of_them() -> None:
    async def scenario(lab: Lab) -> None:
        for name in (DEFAULT, "clock-of-station", "harmless"):
            assert (await lab.execute("anomaly.start", name=name)).data == name
        await asyncio.sleep(3.0)
        (stand,) = lab.stands.values()
        assert [each.name for each in stand.anomalies.busy_at(1)] == [
            DEFAULT,
            "clock-of-station",
            "harmless",
        ]
        await lab.execute("lab.all_clear")
        assert stand.anomalies.busy == []

    truth = in_lab(scenario)
    assert sorted(state.anomaly for state in truth if state.change == "safe") == [
        "clock-of-station",
        "harmless",
        DEFAULT,
    ]
    numbers = [state.attack_id.rpartition("-")[2] for state in truth if state.change == "on"]
    assert numbers == ["1", "2", "3"]


def test_two_that_want_the_same_at_a_connector_are_refused_with_the_name_of_the_other() -> None:
    async def scenario(lab: Lab) -> None:
        await lab.execute("anomaly.start", name=DEFAULT)
        with pytest.raises(CommandError) as refused:
            await lab.execute("anomaly.start", name="limit-of-connector")
        assert str(refused.value) == (
            f"limit-of-connector and {DEFAULT}, which is on, both want the limit: "
            f"stop {DEFAULT} first"
        )
        await lab.execute("anomaly.stop", name=DEFAULT)
        await lab.execute("anomaly.start", name="limit-of-connector")

    in_lab(scenario)


def test_what_a_station_has_once_is_claimed_for_all_of_its_connectors() -> None:
    async def scenario(lab: Lab) -> None:
        one, two = {"station": "CP1", "connector": 1}, {"station": "CP1", "connector": 2}
        await lab.execute("anomaly.start", name="limit-of-connector", **one)
        await lab.execute("anomaly.start", name="limit-of-connector", **two)
        await lab.execute("anomaly.stop", name="limit-of-connector", **two)
        await lab.execute("anomaly.start", name="clock-of-station", **one)
        with pytest.raises(CommandError, match="both want the station clock"):
            await lab.execute("anomaly.start", name="clock-too", **two)
        other = {"station": "CP2", "connector": 1}
        await lab.execute("anomaly.start", name="clock-of-station", **other)

    in_lab(scenario, connectors=2, stations=2)


def test_the_keys_act_on_the_chosen_one_and_the_lab_says_which_that_is() -> None:
    chosen: list[str] = []

    async def scenario(lab: Lab) -> None:
        lab.stream.subscribe(lambda event: chosen.append(event.anomaly), LabState)
        idle = await lab.execute("anomaly.choose", name="harmless")
        assert idle.text == "harmless chosen: s starts it"
        await lab.execute("anomaly.start")
        await asyncio.sleep(0.1)
        on = await lab.execute("anomaly.choose", name="harmless")
        assert on.text == "harmless chosen"
        with pytest.raises(CommandError, match="harmless has no pace to change"):
            await lab.execute("anomaly.shorter")
        with pytest.raises(CommandError, match=r"no anomaly 'harmles'; did you mean harmless\?"):
            await lab.execute("anomaly.choose", name="harmles")

    truth = in_lab(scenario)
    assert chosen[0] == "harmless"
    assert {state.anomaly for state in truth if state.change == "on"} == {"harmless"}


def test_a_second_stop_ends_those_that_are_not_chosen() -> None:
    async def scenario(lab: Lab) -> None:
        for name in ("clock-of-station", DEFAULT, "harmless"):
            await lab.execute("anomaly.start", name=name)
        (stand,) = lab.stands.values()
        await lab.execute("anomaly.stop")
        assert [each.name for each in stand.anomalies.busy] == ["clock-of-station", "harmless"]
        await lab.execute("anomaly.stop")
        assert stand.anomalies.busy == []

    in_lab(scenario)


def test_a_crash_of_a_part_ends_all_of_them() -> None:
    async def scenario(lab: Lab) -> None:
        (stand,) = lab.stands.values()
        for name in ("clock-of-station", "harmless"):
            await lab.execute("anomaly.start", name=name)
        stand.outlets[1].stage.step = None  # type: ignore[method-assign, assignment]
        await asyncio.sleep(5.0)
        assert stand.anomalies.busy == []

    truth = in_lab(scenario)
    assert [state.change for state in truth if state.change in ("safe", "failed")] == ["safe"] * 2


def test_parameters_of_one_that_is_not_chosen_can_be_set_by_its_name() -> None:
    async def scenario(lab: Lab) -> None:
        await lab.execute("anomaly.choose", name="harmless")
        given = {"high_a": 32.0}
        outcome = await lab.execute("anomaly.set", name=DEFAULT, parameters=given, wait_1_s="3s")
        assert (outcome.data["high_a"], outcome.data["wait_1_s"]) == (32.0, 3.0)
        with pytest.raises(CommandError, match="high_a: no such parameter"):
            await lab.execute("anomaly.set", high_a=1.0)

    in_lab(scenario)


def test_what_the_settings_say_comes_back_with_all_clear() -> None:
    async def scenario(lab: Lab) -> None:
        (stand,) = lab.stands.values()
        await lab.execute("anomaly.set", high_a=20.0)
        await lab.execute("lab.all_clear")
        assert stand.anomalies.chosen(1).values()["high_a"] == 64.0

    in_lab(scenario, high_a=64.0)


def test_an_anomaly_that_is_broken_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {
        **catalogue.listed(),
        "broken": catalogue.Listed("broken", "no_such_module", "Broken", "their-package"),
    }
    monkeypatch.setattr(catalogue, "listed", lambda: there)
    with pytest.raises(AnomalyError) as told:
        catalogue.anomaly_named("broken")
    assert str(told.value) == (
        "anomaly broken of their-package is broken: "
        "ModuleNotFoundError: No module named 'no_such_module'"
    )
