"""Loading a scenario: everything that can be wrong is told before anything starts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from evtui.config import Settings
from evtui.lab import FIRST_CONNECTOR
from evtui.power import ChargingCurve, RecordedVehicle, Vehicle
from evtui.scenario.language.checks import (
    check_expectations,
    check_header,
    check_length,
    check_steps,
)
from evtui.scenario.language.decoding import (
    decode,
    decode_expectations,
    decode_partly,
    decode_steps,
)
from evtui.scenario.language.document import Document, child, parse
from evtui.scenario.language.inputs import check_specifications, read_matrix, resolve, substitute
from evtui.scenario.language.mistakes import Mistakes, ScenarioError, shown
from evtui.scenario.language.model import SCHEMA, Duration, Input, LabSpec, Scenario
from evtui.scenario.language.place import Place, every_step
from evtui.scenario.language.settings import Base, settings_of, start_of
from evtui.scenario.language.sources import ScenarioSource, builtin_names, read_source
from evtui.scenario.language.vehicle import modelled_vehicle, recorded_curve

__all__ = ["Listing", "Plan", "ScenarioDescription", "ScenarioError", "builtin", "describe", "load"]

MOST_COMBINATIONS = 1000

_SUBSTITUTED = ("title", "description", "lab", "steps", "expect", "cleanup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A scenario that can be run: decoded, checked, with all its inputs.

    Attributes:
        scenario: typed, also the steps and expectations inside.
        inputs: name to value, defaults included; durations in s.
        name: by which :func:`load` finds it again: a built-in one's, or an absolute path.
        source: file name, or name of a built-in scenario; no path.
        text: the file as it was read.
        sha256: of the text in UTF-8.
        folder: the file is in, None for a built-in one.
        base: what the scenario left open.
        settings: of the lab, with the seed, and port 0.
        start_utc: Unix time in s at which the simulated clock starts.
        longest: upper bound of the steps in s, if every call is answered at once.
        lines: place in the file (``steps[2].wait``) to line, from 1.
        curve: what the vehicle accepts, where that is recorded.
        curve_text: the file it was read from.
        model: the modelled vehicle.
        axes: inputs of the matrix that were not given, to their values.
    """

    scenario: Scenario
    inputs: dict[str, Any]
    name: str
    source: str
    text: str = field(repr=False)
    sha256: str
    folder: Path | None
    base: Base
    settings: Settings
    start_utc: float
    longest: float
    lines: Mapping[str, int] = field(repr=False)
    curve: ChargingCurve | None = field(repr=False)
    curve_text: str | None = field(repr=False)
    model: Vehicle
    axes: dict[str, list[Any]]

    @property
    def vehicle(self) -> Vehicle | RecordedVehicle:
        """The vehicle as it arrives: a new one each time, since it changes as it charges."""
        return self.model if self.curve is None else RecordedVehicle(self.curve, self.model)

    def vehicle_at(self, station: str, connector: int) -> Vehicle | RecordedVehicle | None:
        """A new vehicle for a connector; None for a battery as the settings say."""
        spec = self.scenario.lab.vehicle
        everywhere = spec is not None and spec.at == "every"
        first = station == self.settings.id and connector == FIRST_CONNECTOR
        return self.vehicle if everywhere or first else None

    @property
    def first_place(self) -> tuple[str, int]:
        """Station and connector at which something happens first; the first ones by default."""
        first = Place(self.settings.id)
        steps = every_step(self.scenario.steps, "", first)
        place = next((place for _, step, place in steps if not step.passive), first)
        return place.station, place.connector

    def combinations(self) -> list[dict[str, Any]]:
        """Inputs of each run of the matrix, to be given to :func:`load`; one without a matrix."""
        return [
            self.inputs | dict(zip(self.axes, values, strict=True))
            for values in product(*self.axes.values())
        ]


class ScenarioDescription(msgspec.Struct, frozen=True):
    """What a scenario is and takes."""

    id: Annotated[str, Meta(description="its name.")]
    title: Annotated[str, Meta(description="in one line.")]
    description: Annotated[str, Meta(description="in some more; may be empty.")]
    inputs: Annotated[dict[str, Input], Meta(description="what it asks for, by name.")]
    matrix: Annotated[
        dict[str, list[Any]], Meta(description="input to values; every combination is a run.")
    ]


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """Scenarios that come with evtui."""

    schema: Literal["evtui.scenarios/1"] = "evtui.scenarios/1"
    scenarios: Annotated[list[ScenarioDescription], Meta(description="by name.")]


def builtin() -> list[ScenarioDescription]:
    """The scenarios that come with evtui, by name."""
    return [describe(name) for name in builtin_names()]


def describe(name_or_path: str | os.PathLike[str]) -> ScenarioDescription:
    """What a scenario is and takes, without what it does.

    Raises:
        ScenarioError: there is none, or something is wrong in that part of it.
    """
    source = read_source(name_or_path)
    document = parse(source.text, source.label)
    header, specs = _header(document)
    document.mistakes.raise_all()
    inputs = _good(specs)
    return ScenarioDescription(header.id, header.title, header.description, inputs, header.matrix)


def load(
    name_or_path: str | os.PathLike[str] | ScenarioSource,
    given: Mapping[str, object] | None = None,
    *,
    seed: int | None = None,
    duration: float | None = None,
    curve_copy: Path | None = None,
    base: Base = Base(),  # noqa: B008 - it is frozen
) -> Plan:
    """Read and check a scenario.

    Args:
        name_or_path: a file, or the name of a built-in scenario: text without a path separator
            and without the suffix .yaml or .yml; or what was read already.
        given: inputs, as text of a command line or typed (durations in s).
        seed: of everything random.
        duration: s, for an input called ``duration`` where there is one and it is not given.
        base: what the scenario leaves open about its lab.
        curve_copy: read instead of the recorded session that the scenario names, if it is there.

    Raises:
        ScenarioError: something is wrong; for each mistake a line that names file, line, place
            and way out.
    """
    known = name_or_path
    source = known if isinstance(known, ScenarioSource) else read_source(known)
    document = parse(source.text, source.label)
    mistakes = document.mistakes
    header, specs = _header(document)
    chosen = dict(given or {})
    if duration is not None and "duration" in specs:
        chosen.setdefault("duration", float(duration))
    axes = _axes(header, specs, mistakes)
    values = resolve(specs, chosen, axes, mistakes)
    scenario = _body(document, header, specs, values)
    settings = settings_of(scenario.lab, base, seed, mistakes)
    model = modelled_vehicle(scenario.lab.vehicle, settings, mistakes)
    curve, text = recorded_curve(scenario.lab.vehicle, model, source.folder, curve_copy, mistakes)
    start_utc = start_of(scenario.lab, mistakes)
    check_header(scenario, mistakes)
    check_steps(scenario.steps, "steps", settings, mistakes)
    check_steps(scenario.cleanup, "cleanup", settings, mistakes)
    check_expectations(scenario.expect, "expect", settings, mistakes)
    mistakes.raise_all()
    longest = check_length(scenario.steps, "steps", settings, mistakes)
    check_length(scenario.cleanup, "cleanup", settings, mistakes)
    mistakes.raise_all()
    return Plan(
        scenario=scenario,
        inputs={name: _plain(value) for name, value in values.items()},
        name=source.name,
        source=os.path.basename(source.name),
        text=source.text,
        sha256=hashlib.sha256(source.text.encode()).hexdigest(),
        folder=source.folder,
        base=base,
        settings=settings,
        start_utc=start_utc,
        longest=longest,
        lines=document.lines,
        curve=curve,
        curve_text=text,
        model=model,
        axes={
            name: [_plain(value) for value in typed]
            for name, typed in axes.items()
            if name not in chosen
        },
    )


def _header(document: Document) -> tuple[Scenario, dict[str, Input | None]]:
    """Everything but the parts that inputs go into, and the inputs themselves.

    What has a mistake, which is told, is None, or has its default.
    """
    data, mistakes = document.data, document.mistakes
    schema = data.get("schema")
    if "schema" not in data:
        mistakes.add("", f"schema is missing; the first line of a scenario is schema: {SCHEMA}")
        mistakes.raise_all()
    if schema != SCHEMA:
        mistakes.add("schema", f"expected {SCHEMA}, got {shown(schema)}")
        mistakes.raise_all()
    written = data.get("inputs", {})
    specs: dict[str, Input | None] = {}
    if isinstance(written, dict):
        decoded = {
            name: decode(spec, Input, child("inputs", name), mistakes)
            for name, spec in written.items()
        }
        good = {name: spec for name, spec in decoded.items() if spec is not None}
        specs = dict.fromkeys(written) | check_specifications(good, mistakes)
        written = {}
    steps: dict[str, Any] = {"steps": []} if "steps" in data else {}
    left = {key: value for key, value in data.items() if key not in ("lab", "expect", "cleanup")}
    header = decode_partly(left | {"inputs": written} | steps, Scenario, "", mistakes)
    if isinstance(data.get("inputs", {}), dict):
        return header, specs
    mistakes.raise_all()
    raise AssertionError("inputs that are no mapping are a mistake")


def _good(specs: Mapping[str, Input | None]) -> dict[str, Input]:
    return {name: spec for name, spec in specs.items() if spec is not None}


def _axes(
    header: Scenario, specs: Mapping[str, Input | None], mistakes: Mistakes
) -> dict[str, list[Any]]:
    axes = read_matrix(specs, header.matrix, mistakes)
    combinations = prod(len(values) for values in axes.values())
    if combinations > MOST_COMBINATIONS:
        mistakes.add(
            "matrix", f"expected at most {MOST_COMBINATIONS:,} combinations, got {combinations:,}"
        )
    return axes


def _body(
    document: Document, header: Scenario, specs: Mapping[str, Input | None], values: dict[str, Any]
) -> Scenario:
    """The whole scenario, its inputs put in; where a step has a mistake it is None."""
    mistakes = document.mistakes
    touched = {key: document.data[key] for key in _SUBSTITUTED if key in document.data}
    data = substitute(touched, values, "", mistakes)
    texts = {key: data[key] for key in ("title", "description") if isinstance(data.get(key), str)}
    cleanup = data.get("cleanup", [])
    lab = data.get("lab", {})
    if isinstance(lab, dict) and isinstance(lab.get("vehicle"), str):
        lab = lab | {"vehicle": {"model": lab["vehicle"]}}
    return msgspec.structs.replace(
        header,
        **texts,
        inputs=_good(specs),
        lab=decode_partly(lab, LabSpec, "lab", mistakes),
        steps=decode_steps(data["steps"], "steps", mistakes) if "steps" in data else [],
        expect=decode_expectations(data.get("expect", []), "expect", mistakes),
        cleanup=[] if cleanup == [] else decode_steps(cleanup, "cleanup", mistakes),
    )


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Duration) else value
