"""Some of the modules that share the load have failed."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from evtui.anomalies.api import Anomaly, Knob, Need, Parameters, Signature, parameter
from evtui.anomalies.run import Run
from evtui.kinds import Integer

__all__ = ["ModuleFailure"]

LOOK_EVERY = 1.0
"""s between two looks at the parameters."""


class ModuleFailureParameters(Parameters):
    """What one can tweak."""

    modules: int = parameter(Integer(1, 8), "how many fail, as far as there are so many", default=1)


class ModuleFailure(Anomaly[ModuleFailureParameters]):
    """A charger of several modules goes on with those that are left, and gives what they can.

    While a session needs less than these give, nothing of it shows in the current.
    """

    name = "module-failure"
    layer = "physical"
    title = "Module failure"
    about = (
        "A charger is made of several power modules in parallel. One that fails leaves its load to "
        "the others: the station offers less, a vehicle that asks for more charges more slowly, "
        "and nobody notices where it does not. With the last one the session ends."
    )
    signature = Signature(
        ocpp="MeterValues fall to what the others give; with the last one Faulted and "
        "StopTransaction",
        can="the module says that it has failed, the others report larger shares",
        current="falls to what the modules that are left can give",
    )
    techniques = ("T0879", "T0826")
    severity = 2
    stakes = ("availability",)
    references = (
        "INFY protocol V1.13: module fault in the status of each module",
        "ADVANTICS power modules v3.6: the limits that the modules offer together",
    )
    needs: ClassVar[frozenset[Need]] = frozenset({"modules"})
    claims = frozenset({"modules"})
    ends = "when the modules that were away give their share again"
    undone = "the modules are repaired"
    lab: ClassVar = {"preset": "ccs", "protocol": "infy", "modules": 2, "vehicle": "ioniq5"}
    Parameters = ModuleFailureParameters
    strength = Knob("modules", 1.0)

    async def act(self, run: Run[ModuleFailureParameters]) -> None:
        broken = 0
        while True:
            wanted = min(run.parameters.modules, run.modules.count)
            if wanted != broken:
                broken = wanted
                label = f"{broken} of {run.modules.count} modules fail"
                await run.step(label, run.modules.fail(broken))
            await asyncio.sleep(LOOK_EVERY)
