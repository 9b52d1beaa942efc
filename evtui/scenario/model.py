"""What a scenario says, typed.  Pure.

A step or an expectation is a mapping whose first key names its kind (``wait: 2s``); the other
keys are its options.  The kinds are the structs below, and the name of a kind is the field of
its struct that has no default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import msgspec

from evtui.config import Preset, Variant
from evtui.events import Layer

__all__ = [
    "EXPECTATIONS",
    "RUNNING",
    "SCHEMA",
    "STEPS",
    "Amperes",
    "Duration",
    "Expectation",
    "Input",
    "LabSpec",
    "Percent",
    "Scenario",
    "Step",
    "VehicleSpec",
    "WattHours",
    "inside",
    "with_transaction",
]

SCHEMA = "evtui.scenario/1"


class Duration(float):
    """Seconds; written with a unit: ``500ms``, ``2s``, ``5min``, ``1h``."""


class Amperes(float):
    """A; written as a number, or with the unit: ``32``, ``32 A``."""


class WattHours(float):
    """Wh; written as a number, or with a unit: ``250``, ``250 Wh``, ``1.5 kWh``."""


class Percent(float):
    """Per cent; written as a number, or with the unit: ``80``, ``80 %``."""


if TYPE_CHECKING:
    Moment: TypeAlias = Duration | Literal["anomaly", "end"]
else:  # msgspec takes no union of a type of ours with a Literal; the decoder sees to it
    Moment = Annotated[
        Any,
        msgspec.Meta(
            extra_json_schema={
                "anyOf": [{"$ref": "#/$defs/Duration"}, {"enum": ["anomaly", "end"]}]
            }
        ),
    ]

AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]
NotNegative = Annotated[int, msgspec.Meta(ge=0)]

RUNNING = "running"
"""As a payload's ``transactionId``: see :func:`with_transaction`."""


class _Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping of a scenario file; a key it does not know is an error."""


class Input(_Model, frozen=True, kw_only=True):
    """Something that is asked for before the run; ``${name}`` stands for it in the file.

    Attributes:
        default: without one the input must be given.
        unit: of a number, for people and messages; a value may be given with it.
    """

    type: Literal["int", "float", "string", "bool", "duration"]
    default: Any = None
    unit: str = ""
    min: Any = None
    max: Any = None
    choices: list[Any] | None = None
    description: str = ""


class VehicleSpec(_Model, frozen=True, kw_only=True):
    """The vehicle: a modelled battery, or with ``curve`` a recorded session.

    Attributes:
        soc: state of charge on arrival.
        capacity_ah: Ah; the other names likewise, see :class:`evtui.power.Vehicle`.
        curve: CSV file beside the scenario, or a session that comes with evtui; what it says
            the vehicle accepts, from the moment charging starts.
        time: column of the time.
        current: column of the current; its sign does not matter.
        power: column of the power, used instead of ``current``.
        voltage: column of the voltage, if there is one.
        state_of_charge: column of the state of charge, if there is one.
        unit: of ``time``, ``power``, ...; by default what the column's name says (``power_w``,
            ``P [W]``, ``t_ms``), or else s, A, kW, V and per cent.
    """

    soc: Percent | None = None
    capacity_ah: float | None = None
    max_current_a: Amperes | None = None
    resistance_ohm: float | None = None
    cells: int | None = None
    curve: str | None = None
    time: str = "t_s"
    current: str | None = None
    power: str | None = None
    voltage: str | None = None
    state_of_charge: str | None = None
    unit: dict[str, str] | None = None


class LabSpec(_Model, frozen=True, kw_only=True):
    """How the lab is set up; what is not said is as in :class:`evtui.config.Settings`.

    Attributes:
        connectors: of the charge point; steps that name none mean the first.
        plugged: False: the vehicles are there but not plugged in.
        start: UTC of the first moment, ISO 8601; ignored in real time.
    """

    preset: Preset | None = None
    strict: bool | None = None
    id: str | None = None
    id_tag: str | None = None
    meter_interval: Duration | None = None
    heartbeat_interval: Duration | None = None
    connectors: int | None = None
    vehicle: VehicleSpec | None = None
    plugged: bool = True
    start: str | None = None


# Steps


class Plug(_Model, frozen=True, kw_only=True):
    """Plug the vehicle in; nothing happens when it is."""

    plug: None


class Unplug(_Model, frozen=True, kw_only=True):
    """Unplug the vehicle; nothing happens when it is not plugged in."""

    unplug: None


class Wait(_Model, frozen=True, kw_only=True):
    """Let time pass."""

    wait: Duration


class Awaited(_Model, frozen=True, kw_only=True):
    """What is waited for: exactly one of status, message, alarm.

    Attributes:
        status: ChargePointStatus of the connector; true already counts.
        message: action of a call sent from now on.
        alarm: detector that raises an alarm, from now on or still, or ``any``.
        fields: values its payload must have (written ``with``).
        view: of the alarm, ``can`` or ``ocpp``.
        timeout: after which the step has failed.
    """

    timeout: Duration
    status: str | None = None
    message: str | None = None
    alarm: str | None = None
    fields: dict[str, Any] | None = msgspec.field(default=None, name="with")
    view: Literal["can", "ocpp"] | None = None


class WaitFor(_Model, frozen=True, kw_only=True):
    """Wait until something has happened."""

    wait_for: Awaited


class Start(_Model, frozen=True, kw_only=True):
    """Remote start; failed when it is not accepted.  The value is the id tag, or nothing."""

    start: str | None


class Stop(_Model, frozen=True, kw_only=True):
    """Remote stop of the running transaction; failed when there is none."""

    stop: None


class SetLimit(_Model, frozen=True, kw_only=True):
    """SetChargingProfile with one limit from now on; failed when it is not accepted."""

    set_limit: Amperes
    purpose: Literal["TxProfile", "TxDefaultProfile", "ChargePointMaxProfile"] = "TxDefaultProfile"
    stack_level: NotNegative = 0


class Ocpp(_Model, frozen=True, kw_only=True):
    """Any OCPP 1.6 call.

    Attributes:
        ocpp: action.
        payload: as it goes over the wire (written ``with``); held against its schema.  A
            ``transactionId`` may be ``running``: that of the transaction that runs then.
        sender: who sends it (written ``from``).
        answer: status the answer must have; any will do when it is left out.
    """

    ocpp: str
    payload: dict[str, Any] = msgspec.field(default_factory=dict, name="with")
    sender: Literal["central_system", "charge_point"] = msgspec.field(
        default="central_system", name="from"
    )
    answer: str | None = None


class Can(_Model, frozen=True, kw_only=True):
    """A raw frame on the bus, from a node called ``scenario``.

    Attributes:
        can: arbitration id: ``0x210`` or a number.
        data: hexadecimal bytes, ``64 00``.
        extended: True for a 29-bit id.
    """

    can: NotNegative
    data: str = ""
    extended: bool = False


class Anomaly(_Model, frozen=True, kw_only=True):
    """An anomaly, from on to its safe state.

    Attributes:
        anomaly: name.
        parameters: as truth names them, ``high_a`` (written ``with``).
        duration: s after which it is switched off; without it ``cycles`` must end it.
    """

    anomaly: Literal["repeated-current-fluctuation"]
    variant: Variant | None = None
    parameters: dict[str, float] = msgspec.field(default_factory=dict, name="with")
    duration: Duration | None = None


class Attack(_Model, frozen=True, kw_only=True):
    """An attack by hand: the steps inside, or without them all that follow until ``end_attack``.

    Attributes:
        attack: name in the truth.
        layer: where it acts.
        effect: s that its effect lasts after its end; without it, for as long as it can be seen.
        do: its steps.
    """

    attack: str
    layer: Layer
    effect: Duration | None = None
    do: list[Any] | msgspec.UnsetType = msgspec.UNSET

    @property
    def steps(self) -> list[Any] | None:
        """Its own steps, None when those that follow are."""
        return None if isinstance(self.do, msgspec.UnsetType) else self.do


class EndAttack(_Model, frozen=True, kw_only=True):
    """The end of an attack without steps of its own; the end of the run ends it too."""

    end_attack: str


class Repeat(_Model, frozen=True, kw_only=True):
    """Steps, several times over."""

    repeat: AtLeastOne
    do: list[Any]


class Parallel(_Model, frozen=True, kw_only=True):
    """Lists of steps that run side by side; done when all are."""

    parallel: list[list[Any]]


class NoteStep(_Model, frozen=True, kw_only=True):
    """A line in the log."""

    note: str


class MarkStep(_Model, frozen=True, kw_only=True):
    """A mark at this moment, shown on the chart and in the report."""

    mark: str


class Command(_Model, frozen=True, kw_only=True):
    """Any command of the lab by its name, as a key would give it."""

    command: str
    arguments: dict[str, Any] = msgspec.field(default_factory=dict, name="with")


Step = (
    Plug
    | Unplug
    | Wait
    | WaitFor
    | Start
    | Stop
    | SetLimit
    | Ocpp
    | Can
    | Anomaly
    | Attack
    | EndAttack
    | Repeat
    | Parallel
    | NoteStep
    | MarkStep
    | Command
)

STEPS: dict[str, type[Any]] = {
    "plug": Plug,
    "unplug": Unplug,
    "wait": Wait,
    "wait_for": WaitFor,
    "start": Start,
    "stop": Stop,
    "set_limit": SetLimit,
    "ocpp": Ocpp,
    "can": Can,
    "anomaly": Anomaly,
    "attack": Attack,
    "end_attack": EndAttack,
    "repeat": Repeat,
    "parallel": Parallel,
    "note": NoteStep,
    "mark": MarkStep,
    "command": Command,
}
"""Kind to struct; those whose value may be left out can be written as a bare word."""


def inside(step: Any) -> dict[str, list[Any]]:
    """The lists of steps in a step, by their place in it."""
    match step:
        case Attack(steps=list(steps)) | Repeat(do=steps):
            return {"do": steps}
        case Parallel(parallel=branches):
            return {f"parallel[{number}]": branch for number, branch in enumerate(branches)}
    return {}


def with_transaction(payload: Any, transaction_id: int) -> Any:
    """A payload as it is sent: every ``transactionId: running`` replaced by ``transaction_id``."""
    if isinstance(payload, list):
        return [with_transaction(each, transaction_id) for each in payload]
    if not isinstance(payload, dict):
        return payload
    return {
        key: transaction_id
        if key == "transactionId" and value == RUNNING
        else with_transaction(value, transaction_id)
        for key, value in payload.items()
    }


# Expectations


class AlarmExpected(_Model, frozen=True, kw_only=True):
    """A detector raises an alarm.

    Attributes:
        alarm: its name, or ``any``.
        within: s from the moment the first anomaly is switched on or the first attack begins, or
            from the start of a run without one.
        view: ``can`` or ``ocpp``; any when left out.
    """

    alarm: str
    within: Duration
    view: Literal["can", "ocpp"] | None = None


class NoAlarmExpected(_Model, frozen=True, kw_only=True):
    """No alarm before a time of the run, or before the first anomaly or attack is on."""

    no_alarm_before: Moment
    view: Literal["can", "ocpp"] | None = None


class MessageExpected(_Model, frozen=True, kw_only=True):
    """A call is seen.

    Attributes:
        message: action.
        fields: values its payload must have (written ``with``).
        sender: either when left out (written ``from``).
        answer: status its answer must have.
        count: how many at least.
        within: s from the start of the run.
    """

    message: str
    fields: dict[str, Any] = msgspec.field(default_factory=dict, name="with")
    sender: Literal["central_system", "charge_point"] | None = msgspec.field(
        default=None, name="from"
    )
    answer: str | None = None
    count: AtLeastOne = 1
    within: Duration | None = None


class NoMessageExpected(_Model, frozen=True, kw_only=True):
    """A call is not seen; options as for ``message``."""

    no_message: str
    fields: dict[str, Any] = msgspec.field(default_factory=dict, name="with")
    sender: Literal["central_system", "charge_point"] | None = msgspec.field(
        default=None, name="from"
    )
    answer: str | None = None


class OrderExpected(_Model, frozen=True, kw_only=True):
    """Calls are seen in this order; others may come between them."""

    order: list[str]


class StatusExpected(_Model, frozen=True, kw_only=True):
    """The connector reaches a status."""

    status: str
    within: Duration | None = None


class CurrentRange(_Model, frozen=True, kw_only=True):
    """Bounds of the current.

    Attributes:
        between: lowest and highest A allowed.
        measure: of what: every sample (``all``), the highest (``peak``), the mean over time,
            the last.
        start: s from the start of the run (written ``from``).
        end: s; the end of the run when left out (written ``to``).
    """

    between: tuple[Amperes, Amperes]
    measure: Literal["all", "peak", "mean", "last"] = "all"
    start: Duration | None = msgspec.field(default=None, name="from")
    end: Duration | None = msgspec.field(default=None, name="to")


class CurrentExpected(_Model, frozen=True, kw_only=True):
    """The current that really flows keeps to bounds."""

    current: CurrentRange


class EnergyRange(_Model, frozen=True, kw_only=True):
    """Bounds of the energy delivered in the run."""

    between: tuple[WattHours, WattHours]


class EnergyExpected(_Model, frozen=True, kw_only=True):
    """The energy delivered keeps to bounds."""

    energy: EnergyRange


class NoSchemaViolation(_Model, frozen=True, kw_only=True):
    """Nobody sent a message that breaks framing or its schema."""

    no_schema_violation: Literal[True]


Expectation = (
    AlarmExpected
    | NoAlarmExpected
    | MessageExpected
    | NoMessageExpected
    | OrderExpected
    | StatusExpected
    | CurrentExpected
    | EnergyExpected
    | NoSchemaViolation
)

EXPECTATIONS: dict[str, type[Any]] = {
    "alarm": AlarmExpected,
    "no_alarm_before": NoAlarmExpected,
    "message": MessageExpected,
    "no_message": NoMessageExpected,
    "order": OrderExpected,
    "status": StatusExpected,
    "current": CurrentExpected,
    "energy": EnergyExpected,
    "no_schema_violation": NoSchemaViolation,
}


class Scenario(_Model, frozen=True, kw_only=True):
    """A whole file.

    Once it is decoded, ``steps`` and ``cleanup`` hold the structs of :data:`STEPS`, also inside
    ``attack``, ``repeat`` and ``parallel``, and ``expect`` those of :data:`EXPECTATIONS`.

    Attributes:
        technique: MITRE ATT&CK for ICS ids, ``T0806``.
        licence: under which the recorded data may be used.
        inputs: ``duration``, where there is one, is what ``--duration`` sets.
        steps: done one after the other; the first that fails ends them.
        expect: judged once the steps have ended.
        cleanup: steps that are done in any case, after everything has been judged.
        matrix: input to values; every combination is a run.
    """

    schema: Literal["evtui.scenario/1"]
    id: str
    title: str
    steps: list[Any]
    description: str = ""
    technique: list[str] = []
    licence: str = ""
    inputs: dict[str, Input] = {}
    lab: LabSpec = LabSpec()
    expect: list[Any] = []
    cleanup: list[Any] = []
    matrix: dict[str, list[Any]] = {}
