"""What a decoded scenario must hold to before anything starts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from evtui.config import Settings
from evtui.scenario.expectations import Expectation
from evtui.scenario.language.checking import Check
from evtui.scenario.language.document import child
from evtui.scenario.language.length import count, longest
from evtui.scenario.language.mistakes import Mistakes, shown
from evtui.scenario.language.model import Scenario
from evtui.scenario.language.place import Place, every_step
from evtui.scenario.steps import Step

__all__ = ["check_expectations", "check_header", "check_length", "check_steps"]

LONGEST_RUN = 30 * 86400.0
"""s; what would take longer is taken for a slip."""

MOST_STEPS = 1_000_000
"""Steps done in a run, those inside a ``repeat`` each time."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_TECHNIQUE = re.compile(r"T[0-9]{4}(\.[0-9]{3})?")


def check_header(scenario: Scenario, mistakes: Mistakes) -> None:
    """Hold id, title and techniques against what they may be; None has a mistake already."""
    if isinstance(scenario.id, str) and not _ID.fullmatch(scenario.id):
        mistakes.add(
            "id",
            "expected at most 64 letters, digits, dots, _ and -, as in a file's name, "
            f"got {shown(scenario.id)}",
        )
    title: object = scenario.title
    if isinstance(title, str) and (not title.strip() or "\n" in title):
        mistakes.add("title", f"expected one line of text, got {shown(scenario.title)}")
    for index, technique in enumerate(scenario.technique):
        if not _TECHNIQUE.fullmatch(technique):
            mistakes.add(
                child("technique", index),
                f"expected an id of MITRE ATT&CK for ICS such as T0806, got {shown(technique)}",
            )


def check_steps(
    steps: Sequence[Step | None], path: str, settings: Settings, mistakes: Mistakes
) -> None:
    """Hold each step, also inside others, against what the lab can do; None has been told."""
    every = list(every_step(steps, path, Place(settings.id)))
    going_on: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    for _, step, place in every:
        name: object = step.leaves_on()
        if isinstance(name, str):  # it may have a mistake
            going_on[place.station, place.connector].add(name)
    known = {where: sorted(names) for where, names in going_on.items()}
    for where, step, place in every:
        check = Check(
            settings=settings,
            path=where,
            place=place,
            mistakes=mistakes,
            going_on=known.get((place.station, place.connector), ()),
        )
        check.is_there(step)
        step.check(check)


def check_length(
    steps: Sequence[Step], place: str, settings: Settings, mistakes: Mistakes
) -> float:
    """Upper bound in s of checked steps; one that no run should have is a mistake."""
    most = longest(steps, settings)
    if most > LONGEST_RUN:
        mistakes.add(place, f"expected at most 30 days in all, got {most / 86400:.1f}")
    if (steps_done := count(steps)) > MOST_STEPS:
        mistakes.add(place, f"expected at most {MOST_STEPS:,} steps in all, got {steps_done:,}")
    return most


def check_expectations(
    expectations: Sequence[Expectation | None],
    path: str,
    settings: Settings,
    mistakes: Mistakes,
) -> None:
    """Hold each expectation against what can be seen in the lab; None has been told."""
    for index, expectation in enumerate(expectations):
        if expectation is not None:
            check = Check(
                settings=settings,
                path=child(path, index),
                place=Place(settings.id).of(expectation),
                mistakes=mistakes,
            )
            check.is_there(expectation)
            expectation.check(check)
