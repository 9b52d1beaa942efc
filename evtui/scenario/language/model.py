"""What a scenario file says, typed, apart from its steps and expectations.  Pure.

What a field means is said beside its type, as data: the JSON Schema of ``evtui schema`` and the
tables of the documentation are made from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from evtui.config import VEHICLE_NAMES, PresetName, ProtocolName, UnknownIdTags, VehicleName

__all__ = [
    "MARK",
    "REFERENCE",
    "SCHEMA",
    "Amperes",
    "AtLeastOne",
    "Branches",
    "Duration",
    "Expectations",
    "Input",
    "LabSpec",
    "Model",
    "Moment",
    "NotNegative",
    "Percent",
    "Prose",
    "Scenario",
    "Steps",
    "VehicleSpec",
    "WattHours",
]

SCHEMA = "evtui.scenario/1"

REFERENCE = {"$ref": "#/$defs/Reference"}
"""``${name}`` in the JSON Schema of a scenario."""

ALSO = "also"
"""Key of what a union takes in the JSON Schema besides its types; see :func:`json_schema`."""


class Duration(float):
    """Seconds; written ``90``, ``500ms``, ``1m``, ``1h30m``.

    Attributes:
        written: as somebody wrote it, for messages; empty where it was no text.
    """

    written = ""


class Amperes(float):
    """A; written as a number, or with the unit: ``32``, ``32 A``."""


class WattHours(float):
    """Wh; written as a number, or with a unit: ``250``, ``250 Wh``, ``1.5 kWh``."""


class Percent(float):
    """Per cent; written as a number, or with the unit: ``80``, ``80 %``."""


MARK = "mark"
"""Key under which a type says what it is that is not read as msgspec reads it."""

if TYPE_CHECKING:
    Moment: TypeAlias = Duration | Literal["anomaly", "end"]
else:  # msgspec takes no union of a type of ours with a Literal; the decoder sees to it
    Moment = Annotated[
        Any,
        Meta(
            extra_json_schema={
                "anyOf": [{"$ref": "#/$defs/Duration"}, {"enum": ["anomaly", "end"]}]
            },
            extra={MARK: "moment"},
        ),
    ]

Prose = Annotated[str, Meta(extra={MARK: "text"})]
"""What only people read: the number of an input that stands alone there is text all the same."""

AtLeastOne = Annotated[int, Meta(ge=1)]
NotNegative = Annotated[int, Meta(ge=0)]

Steps = Annotated[
    list[Any],
    Meta(
        extra_json_schema={"items": {"$ref": "#/$defs/Step"}, "minItems": 1},
        extra={MARK: "steps"},
    ),
]
"""At least one step; once decoded, of :class:`evtui.scenario.steps.Step`."""

Branches = Annotated[list[Steps], Meta(extra_json_schema={"minItems": 1}, extra={MARK: "branches"})]
"""Lists of steps side by side."""

Expectations = Annotated[
    list[Any], Meta(extra_json_schema={"items": {"$ref": "#/$defs/Expectation"}})
]


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping of a scenario file; a key it does not know is an error."""


class Input(Model, frozen=True, kw_only=True):
    """Something that is asked for before the run; ${name} stands for it in the file."""

    type: Literal["int", "float", "string", "bool", "duration"]
    default: Annotated[Any, Meta(description="without one the input must be given.")] = None
    unit: Annotated[
        str, Meta(description="of a number, for people and messages; a value may be given with it.")
    ] = ""
    min: Any = None
    max: Any = None
    choices: list[Any] | None = None
    description: str = ""


class VehicleSpec(Model, frozen=True, kw_only=True):
    """The vehicle: a modelled battery, or with curve a recorded session."""

    model: Annotated[
        VehicleName | None,
        Meta(
            description="battery, which follows a limit at once, or a car whose ramp was measured; "
            "that of the settings when left out. vehicle: zoe says no more than that."
        ),
    ] = None
    # The numbers of the battery are the parameters of evtui.power.Vehicle.
    soc: Annotated[Percent | None, Meta(description="state of charge on arrival.")] = None
    capacity_ah: Annotated[float | None, Meta(description="Ah of the battery.")] = None
    max_current_a: Annotated[Amperes | None, Meta(description="A that it takes at most.")] = None
    resistance_ohm: Annotated[float | None, Meta(description="Ohm inside the battery.")] = None
    cells: Annotated[int | None, Meta(description="in series.")] = None
    at: Annotated[
        Literal["first", "every"],
        Meta(
            description="at which connectors one stands: at the first of the first station, where "
            "the others have an ordinary battery with the same soc; or one like it at every."
        ),
    ] = "first"
    curve: Annotated[
        str | None,
        Meta(
            description="CSV file beside the scenario, or a session that comes with evtui; what "
            "it says the vehicle accepts, from the moment charging starts."
        ),
    ] = None
    time: Annotated[str, Meta(description="column of the time.")] = "t_s"
    current: Annotated[
        str | None, Meta(description="column of the current; its sign does not matter.")
    ] = None
    power: Annotated[
        str | None, Meta(description="column of the power, used instead of current.")
    ] = None
    voltage: Annotated[str | None, Meta(description="column of the voltage, if there is one.")] = (
        None
    )
    state_of_charge: Annotated[
        str | None, Meta(description="column of the state of charge, if there is one.")
    ] = None
    unit: Annotated[
        dict[str, str] | None,
        Meta(
            description="of time, power, ...; by default what the column's name says (power_w, "
            "P [W], t_ms), or else s, A, kW, V and per cent."
        ),
    ] = None


class LabSpec(Model, frozen=True, kw_only=True):
    """How the lab is set up; what is not said is as in evtui's settings."""

    preset: PresetName | None = None
    protocol: Annotated[
        ProtocolName | None,
        Meta(description="what charge points speak with their charger modules on CAN."),
    ] = None
    modules: Annotated[
        int | None,
        Meta(description="charger modules that share the load of a connector, 1 to 8."),
    ] = None
    ambient: Annotated[
        float | None, Meta(description="degrees Celsius of the air that cools the station.")
    ] = None
    strict: bool | None = None
    id: str | None = None
    id_tag: str | None = None
    csms: Annotated[
        str | None,
        Meta(
            description="URL of a central system of somebody else, in the place of evtui's own; "
            "the run is in real time, and --csms comes first."
        ),
    ] = None
    meter_interval: Duration | None = None
    heartbeat_interval: Duration | None = None
    unknown_id_tags: Annotated[
        UnknownIdTags | None,
        Meta(description="no id tag is known in a run: reject has every Authorize be Invalid."),
    ] = None
    stations: Annotated[
        int | None,
        Meta(description="charge points, CP1, CP2 and so on; steps that name none mean the first."),
    ] = None
    connectors: Annotated[
        int | None,
        Meta(description="of each charge point; steps that name none mean the first."),
    ] = None
    vehicle: Annotated[
        VehicleSpec | None,
        Meta(
            description="a name, or more about it; without it that of the settings is at each "
            "connector.",
            # msgspec makes the alternatives of a union from its types alone.
            extra_json_schema={ALSO: [{"enum": [*VEHICLE_NAMES]}]},
        ),
    ] = None
    plugged: Annotated[
        bool, Meta(description="false: the vehicles are there but not plugged in.")
    ] = True
    start: Annotated[
        str | None,
        Meta(description="UTC of the first moment, ISO 8601; ignored in real time."),
    ] = None


class Scenario(Model, frozen=True, kw_only=True):
    """A whole file."""

    # Once it is decoded, steps and cleanup hold those of evtui.scenario.steps, also inside
    # others, and expect those of evtui.scenario.expectations.
    schema: Literal["evtui.scenario/1"]
    id: str
    title: Prose
    steps: Annotated[
        Steps, Meta(description="done one after the other; the first that fails ends them.")
    ]
    description: Prose = ""
    technique: Annotated[list[str], Meta(description="MITRE ATT&CK for ICS ids, T0806.")] = []
    licence: Annotated[str, Meta(description="under which the recorded data may be used.")] = ""
    inputs: Annotated[
        dict[str, Input],
        Meta(description="duration, where there is one, is what --duration sets."),
    ] = {}
    lab: LabSpec = LabSpec()
    expect: Annotated[Expectations, Meta(description="judged once the steps have ended.")] = []
    cleanup: Annotated[
        list[Any],
        Meta(
            description="steps that are done in any case, after everything has been judged.",
            extra_json_schema={"items": {"$ref": "#/$defs/Step"}},
        ),
    ] = []
    matrix: Annotated[
        dict[str, list[Any]], Meta(description="input to values; every combination is a run.")
    ] = {}
