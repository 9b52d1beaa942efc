"""What was said and ordered: notes, marks, orders, scenarios, recordings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from evtui.events.base import Event, about
from evtui.violations import Violation

__all__ = ["LeftOut", "Mark", "Note", "Order", "RecordingState", "ScenarioState", "Verdict"]


class Note(Event, frozen=True, kw_only=True):
    """A line for people; ``level`` is ``info``, ``warning`` or ``error``."""

    level: Annotated[Literal["info", "warning", "error"], about("`info`, `warning` or `error`.")]
    text: Annotated[str, about("the line.")]
    station: Annotated[str, about("charge point it is about; empty for none.")] = ""
    violation: Annotated[
        Violation | msgspec.UnsetType,
        about(
            "what is wrong with a message of ours that did not go out, where the line is about "
            "one; not set, and left out of its JSON, where it is not."
        ),
    ] = msgspec.UNSET


class Mark(Event, frozen=True, kw_only=True):
    """A moment that a person or a scenario points at, with a few words."""

    text: Annotated[str, about("the words.")]
    station: Annotated[str, about("charge point it is about; empty for none.")] = ""
    at: Annotated[
        float | None,
        about("lab time in s that is meant, when it took time to find the words; None for `t`."),
    ] = None

    @property
    def moment(self) -> float:
        """Lab time in s that is pointed at."""
        return self.t if self.at is None else self.at


class Order(Event, frozen=True, kw_only=True):
    """The lab was told to do something: by a key, by a scenario, by a program."""

    station: Annotated[str, about("that was named, empty where none was.")]
    command: Annotated[str, about("name in `evtui.commands`.")]
    arguments: Annotated[dict[str, Any], about("what came with it.")]
    outcome: Annotated[str, about("the answer, or why it could not be done.")] = ""
    done: Annotated[bool, about("False when it could not be done.")] = True


class ScenarioState(Event, frozen=True, kw_only=True):
    """How far a scenario is; every event carries the whole state."""

    scenario: Annotated[str, about("its id.")]
    change: Annotated[
        Literal["begin", "step", "waiting", "failed", "cleanup", "end"],
        about(
            "`begin`; `step`, a step begins; `waiting`, it waits for something; `failed`, a "
            "step could not be done and the rest is skipped; `cleanup`; `end`."
        ),
    ]
    path: Annotated[
        str, about("place of the step in the file, `steps[2].do[0]`; empty before the first.")
    ] = ""
    step: Annotated[
        int, about("number of the top-level step, from 1; 0 before the first and in the cleanup.")
    ] = 0
    steps: Annotated[int, about("number of top-level steps.")] = 0
    label: Annotated[str, about("the step in words, `wait for status Charging`.")] = ""
    until: Annotated[
        float | None,
        about("lab time in s when the step ends or gives up, None when it takes no time."),
    ] = None
    ends: Annotated[
        float | None,
        about("lab time in s when the whole scenario has ended at the latest, None when unknown."),
    ] = None
    detail: Annotated[str, about("one line for people: why it failed, what was found.")] = ""
    station: Annotated[
        str | msgspec.UnsetType,
        about("where the step acts; left out where it is the scenario's first one."),
    ] = msgspec.UNSET
    connector: Annotated[
        int | msgspec.UnsetType, about("likewise; left out where it is the first.")
    ] = msgspec.UNSET


class Verdict(Event, frozen=True, kw_only=True):
    """Whether an expectation of a scenario was met."""

    scenario: Annotated[str, about("id of the scenario.")]
    expectation: Annotated[str, about("in words, `alarm current-reversals within 30 s`.")]
    path: Annotated[
        str, about("its place in the file, `expect[0]`; `steps` for the steps themselves.")
    ]
    met: Annotated[bool, about("True when it was.")]
    found: Annotated[str, about("what was seen instead, or what met it, in one line.")]
    station: Annotated[
        str | msgspec.UnsetType,
        about("that it is about; left out where it is the scenario's first one."),
    ] = msgspec.UNSET
    connector: Annotated[
        int | msgspec.UnsetType, about("likewise; left out where it is the first.")
    ] = msgspec.UNSET


class RecordingState(Event, frozen=True, kw_only=True):
    """A recording runs, or has ended."""

    folder: Annotated[str, about("the run folder.")]
    state: Annotated[
        Literal["on", "off", "failed"],
        about("`on`, `off` or `failed`: a disk that is full, a folder that went away."),
    ]
    size: Annotated[int, about("bytes written so far.")] = 0
    events: Annotated[int, about("events recorded so far.")] = 0
    detail: Annotated[str, about("one line for people.")] = ""


class LeftOut(Event, frozen=True, kw_only=True):
    """What a recording does not hold, because peers sent more than is written down.

    It stands in the recording only, under the number of the last message left out.  Notes about
    foreign stations and their :class:`LinkState` count as messages.
    """

    numbers: Annotated[list[int], about("of the messages left out before that one.")]
    messages: Annotated[dict[str, int], about("how many are left out, by station.")]
    size: Annotated[int, about("bytes of their payloads.")]
