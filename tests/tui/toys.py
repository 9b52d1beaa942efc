"""Anomalies of another package, as its entry points bring them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata
from importlib.metadata import EntryPoint
from typing import Any, ClassVar, cast

import pytest

from evtui.anomalies import DEFAULT, Anomaly, Knob, Need, Parameters, Run, Signature, parameter
from evtui.anomalies import catalogue as known
from evtui.durations import Seconds
from evtui.kinds import Choice, Number, Switch

__all__ = ["install"]


class ForgeryParameters(Parameters):
    """What one can tweak."""

    share: float = parameter(Number(0, 200, "%"), "of the current that flows", default=20.0)
    shape: str = parameter(Choice("steady", "ramp"), "how it changes", default="steady")
    gap_s: float = parameter(Seconds(0.01, 10), "between two frames", default=0.1)
    quiet: bool = parameter(Switch(), "the genuine sender is muted", default=False)


class ForgedCurrent(Anomaly[ForgeryParameters]):
    """Says on the bus that less flows."""

    name = "forged-current"
    layer = "can"
    title = "Forged current"
    about = "A second node says on the bus that less current flows than the module delivers."
    signature = Signature("MeterValues follow the forgery", "two senders of 0x300", "")
    techniques = ("T0856",)
    severity = 3
    stakes = ("fraud",)
    references = ("ROAD, PLoS ONE 0296879",)
    needs: ClassVar[frozenset[Need]] = frozenset({"bus"})
    ends = "at once"
    undone = "nothing is sent any more"
    Parameters = ForgeryParameters
    pace = ("gap_s",)
    strength = Knob("share", 10.0)

    async def act(self, run: Run[ForgeryParameters]) -> None:
        await run.for_ever()


class Bare(Anomaly[Parameters]):
    """Declares only what it must."""

    name = "bare"
    layer = "physical"
    title = "Bare"
    about = "It heats."
    signature = Signature("", "", "nothing at first")
    techniques = ()
    severity = 1
    stakes = ()
    references = ()
    needs: ClassVar[frozenset[Need]] = frozenset({"power stage"})
    ends = "when it is cold"
    undone = "heating ends"

    async def act(self, run: Run[Parameters]) -> None:
        await run.for_ever()


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the fluctuation, a package with these two, and one that is broken; nothing else."""
    here, fluctuation = __name__, "evtui.anomalies.ocpp.repeated_current_fluctuation"
    brought = [
        EntryPoint(DEFAULT, f"{fluctuation}:RepeatedCurrentFluctuation", known.GROUP),
        EntryPoint("forged-current", f"{here}:ForgedCurrent", known.GROUP),
        EntryPoint("bare", f"{here}:Bare", known.GROUP),
        EntryPoint("broken", "tests.tui.no_such_module:Broken", known.GROUP),
    ]
    real: Any = metadata.entry_points

    def entry_points(**wanted: str) -> Iterable[EntryPoint]:
        return (
            brought
            if wanted == {"group": known.GROUP}
            else cast(Iterable[EntryPoint], real(**wanted))
        )

    monkeypatch.setattr(metadata, "entry_points", entry_points)
    known.listed.cache_clear()
    known.anomaly_named.cache_clear()
