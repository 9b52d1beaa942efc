"""Running a scenario: in the terminal app, headless, many at once, and once more."""

from typing import TYPE_CHECKING

from evtui.lazy import lazy_names

if TYPE_CHECKING:
    from evtui.scenario.run.comparing import (
        COMPARED,
        VerifyError,
        compare,
    )
    from evtui.scenario.run.headless import (
        Options,
        StopFlag,
        run_headless,
    )
    from evtui.scenario.run.matrix import (
        combinations_of,
        run_matrix,
    )
    from evtui.scenario.run.provenance import manifest_of
    from evtui.scenario.run.runner import Runner
    from evtui.scenario.run.verify import rerun

__all__ = [
    "COMPARED",
    "Options",
    "Runner",
    "StopFlag",
    "VerifyError",
    "combinations_of",
    "compare",
    "manifest_of",
    "rerun",
    "run_headless",
    "run_matrix",
]

__getattr__ = lazy_names(
    __name__,
    {
        "evtui.scenario.run.comparing": "COMPARED VerifyError compare",
        "evtui.scenario.run.headless": "Options StopFlag run_headless",
        "evtui.scenario.run.matrix": "combinations_of run_matrix",
        "evtui.scenario.run.provenance": "manifest_of",
        "evtui.scenario.run.runner": "Runner",
        "evtui.scenario.run.verify": "rerun",
    },
)
