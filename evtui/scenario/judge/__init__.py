"""How a scenario came out: expectations held against the events, and result files."""

from typing import TYPE_CHECKING

from evtui.lazy import lazy_names

if TYPE_CHECKING:
    from evtui.scenario.judge.junit import junit_xml
    from evtui.scenario.judge.results import (
        INTERRUPTED,
        MatrixResult,
        RunResult,
    )
    from evtui.scenario.judge.summary import (
        failed_lines,
        matrix_table,
        run_table,
    )

__all__ = [
    "INTERRUPTED",
    "MatrixResult",
    "RunResult",
    "failed_lines",
    "junit_xml",
    "matrix_table",
    "run_table",
]

__getattr__ = lazy_names(
    __name__,
    {
        "evtui.scenario.judge.junit": "junit_xml",
        "evtui.scenario.judge.results": "INTERRUPTED MatrixResult RunResult",
        "evtui.scenario.judge.summary": "failed_lines matrix_table run_table",
    },
)
