"""What is told of a broken rule, and by whom."""

from __future__ import annotations

from typing import Any

import pytest

from evtui.violations import Violation, told_by


@pytest.mark.parametrize(
    ("kind", "error", "broken"),
    [
        ("call", "", False),
        ("result", "", False),
        ("result", "TypeConstraintViolation", True),
        ("error", "FormationViolation", True),
        ("error", "FormatViolation", True),
        ("error", "NotSupported", False),
        ("error", "InternalError", False),
        ("invalid", "", True),
        ("invalid", "answer to nothing", True),
    ],
)
def test_a_broken_rule_is_told_from_a_refusal(kind: Any, error: str, broken: bool) -> None:
    told = told_by(kind, error, "why", ("idTag",))
    assert (told == Violation(error, "why", ("idTag",))) == broken
    assert bool(told) == broken
