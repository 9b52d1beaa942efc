"""What was done to the lab, and who noticed: ground truth, alarms, detections."""

from __future__ import annotations

from typing import Annotated, Literal

from evtui.attacks import BY_HAND, Layer, ParameterValue
from evtui.events.base import Event, about

__all__ = ["Alarm", "AnomalyChange", "AnomalyState", "Detection"]


AnomalyChange = Literal[
    "waiting", "on", "cycle", "step", "parameters", "off", "safe", "failed", "effect_end"
]
"""What an injector tells."""


class AnomalyState(Event, frozen=True, kw_only=True):
    """Ground truth, written by the injector and by nobody else.

    Every event carries the whole state, so a reader that joins late needs only the newest.
    """

    station: Annotated[str, about("identity of the charge point.")]
    connector: Annotated[int, about("connectorId, from 1.")]
    attack_id: Annotated[str, about("`fluctuation-1`, ... one for each time it is switched on.")]
    anomaly: Annotated[
        str, about("`repeated-current-fluctuation`, or how somebody calls an attack of their own.")
    ]
    change: Annotated[
        AnomalyChange,
        about(
            "what happened: `waiting` (for its moment, or its next step), `on`, `cycle` (a cycle "
            "begins), `step` (a step was done), `parameters`, `off` (the injector does nothing "
            "more), `safe` (what it did is undone; the effect has ended unless `lasting`), "
            "`failed` (it could not be "
            "undone), `effect_end` (of one that was lasting)."
        ),
    ]
    active: Annotated[bool, about("True from `on` to `off`.")]
    variant: Annotated[
        str, about("its parameter of that name; `by-hand` for an attack of somebody's own.")
    ]
    parameters: Annotated[
        dict[str, ParameterValue],
        about("the others, name to value; units are in the names (`low_a`, `wait_1_s`)."),
    ]
    cycle: Annotated[int, about("number of the running cycle, from 1; 0 before the first.")] = 0
    step: Annotated[int, about("index of the step just done, from 0; -1 before the first.")] = -1
    steps: Annotated[int, about("number of steps in a cycle.")] = 0
    step_label: Annotated[str, about("what that step did, `RemoteStop`.")] = ""
    next_label: Annotated[str, about("what comes next.")] = ""
    next_at: Annotated[
        float | None, about("lab time in seconds when the next step comes, None when none comes.")
    ] = None
    period: Annotated[float, about("s, length of a cycle without jitter.")] = 0.0
    detail: Annotated[str, about("one line for people.")] = ""
    layer: Annotated[Layer, about("where it acts.")] = "ocpp"
    lasting: Annotated[
        bool, about("True with `safe` where the effect still shows; `effect_end` tells its end.")
    ] = False

    @property
    def by_hand(self) -> bool:
        """True for an attack whose steps are somebody's own."""
        return self.variant == BY_HAND


class Alarm(Event, frozen=True, kw_only=True):
    """A detector noticed something, or thinks it is over."""

    station: Annotated[str, about("identity of the charge point.")]
    connector: Annotated[int, about("connectorId, from 1.")]
    detector: Annotated[str, about("name, `current-reversals`.")]
    view: Annotated[str, about("what it was fed from: `can` (CAN frames) or `ocpp` (MeterValues).")]
    raised: Annotated[bool, about("True when raised, False when cleared.")]
    evidence: Annotated[str, about('one line for people: "4 reversals of 8 A in 60 s".')]


class Detection(Event, frozen=True, kw_only=True):
    """An alarm joined with the truth, by the scorer.

    An alarm in several attacks is joined with each, first with the one that began last.
    """

    station: Annotated[str, about("identity of the charge point.")]
    detector: Annotated[str, about("name, `current-reversals`.")]
    view: Annotated[str, about("what it was fed from: `can` or `ocpp`.")]
    attack_id: Annotated[str, about("the attack the alarm belongs to; empty for a false alarm.")]
    time_to_detect: Annotated[
        float | None,
        about(
            "s from the first change of current that the injector caused to the alarm, or from "
            "the begin of an attack by hand that has changed none; None for a false alarm."
        ),
    ]
    connector: Annotated[int, about("connectorId that the alarm is about.")] = 1
