"""Scenarios named on a command line."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from evtui.cli.errors import BadInput
from evtui.config import Effective, SettingsError, checked, load
from evtui.kinds import quoted
from evtui.nearest import nearest

if TYPE_CHECKING:
    from evtui.scenario.language import Base, Plan

__all__ = ["anomaly_plan", "base_from", "load_plan", "read_inputs"]


def read_inputs(given: Iterable[str]) -> dict[str, str]:
    """``INPUT=VALUE`` texts, as ``--set`` gives them, by input.

    Raises:
        BadInput: one is not of that form, or its input is given twice.
    """
    inputs: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise BadInput(f"--set: expected INPUT=VALUE, got {quoted(text)}")
        if name in inputs:
            raise BadInput(f"--set {name}: given twice")
        inputs[name] = value
    return inputs


def base_from(file: str) -> tuple[Effective, Base]:
    """The settings in a file, and what of them stands under a scenario.

    The user's own file does not count: the same command line is the same run everywhere.  What
    means nothing to a scenario is named on stderr.

    Raises:
        SettingsError: something in the file is not as expected.
    """
    from evtui.cli.progress import say
    from evtui.scenario.language import OF_NO_RUN, base_of

    effective = load(file=file, environ=os.environ, own=False)
    if ignored := [name for name in OF_NO_RUN if effective.origins[name] != "default"]:
        say(f"evtui: {file}: no effect on a run: {', '.join(ignored)}")
    return effective, base_of(effective.settings, os.path.basename(file))


def load_plan(
    scenario: str,
    inputs: dict[str, str],
    *,
    seed: int | None = None,
    duration: float | None = None,
    base: Base | None = None,
) -> Plan:
    """The scenario of that name or in that file.

    Raises:
        BadInput: there is none, or it has mistakes.
    """
    from evtui.scenario.language import Base, ScenarioError, load

    try:
        return load(scenario, inputs, seed=seed, duration=duration, base=base or Base())
    except ScenarioError as error:
        raise BadInput(*error.mistakes) from None


def anomaly_plan(
    name: str,
    given: dict[str, str],
    *,
    seed: int | None = None,
    duration: float | None = None,
    base: Base | None = None,
) -> Plan:
    """A scenario made for one anomaly.

    Args:
        given: parameters as text; what is not given is as in ``base``.

    Raises:
        BadInput: there is no such anomaly, or a parameter is not as expected; one line names the
            parameter, its unit and range.
    """
    from evtui.anomalies import AnomalyError, anomaly_named
    from evtui.lab import initial_parameters
    from evtui.scenario.language import Base, ScenarioError, load, quick_scenario

    base = base or Base()
    try:
        anomaly = anomaly_named(name)
    except AnomalyError as error:
        raise BadInput(f"--anomaly: {error}") from None
    kinds = {each.name: each.kind for each in anomaly.declared()}
    mistakes, values = [], {}
    for each, text in given.items():
        if each not in kinds:
            found = nearest(each, kinds)
            mistakes.append(f"--set {each}: {name} has no such parameter{found}")
            continue
        try:
            values[each] = checked(kinds[each], text, f"--set {each}", from_text=True)
        except SettingsError as error:
            mistakes += error.mistakes
    if mistakes:
        raise BadInput(*mistakes)
    try:
        anomaly.read(values, anomaly.read(initial_parameters(base.settings).get(name, {})))
    except ValueError as error:  # they do not go together
        raise BadInput(f"--set: {error}") from None
    try:
        at_station = not base.settings.our_central_system
        source = quick_scenario(name, values, at_station=at_station)
        return load(source, seed=seed, duration=duration, base=base)
    except ScenarioError as error:
        raise BadInput(*error.mistakes) from None
