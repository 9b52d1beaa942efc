"""The table of differences against the files of the installed ``ocpp``."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from typing import Any

import pytest

from evtui.ocpp16.schema_files import DIFFERENCES, SchemaDifference, names, read, rules_at
from evtui.ocpp16.validation import check
from tests.ocpp16.rig import NOW

FILES = {
    file.name.removesuffix(".json"): json.loads(file.read_text(encoding="utf-8-sig"))
    for file in (resources.files("ocpp.v16") / "schemas").iterdir()
}

COMPARED = "322048c6188325998580f79bb0327726ab679dfb55cc60c70571e29f405652e1"
"""SHA-256 of the files, as JSON with sorted keys, that were compared with the text."""


def plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@pytest.mark.parametrize("each", DIFFERENCES, ids=lambda each: f"{each.schema} {each.place}")
def test_the_file_still_differs_as_the_table_says(each: SchemaDifference) -> None:
    assert plain(rules_at(FILES[each.schema], each.place).get(each.rule)) == each.file


def test_the_files_are_those_that_were_compared_with_the_text() -> None:
    """They have changed: compare them with chapters 6 and 7, mend the table, then this value."""
    assert hashlib.sha256(json.dumps(FILES, sort_keys=True).encode()).hexdigest() == COMPARED


def test_a_file_is_read_as_it_is_but_for_what_is_mended() -> None:
    assert set(names()) == set(FILES)
    mended = {each.schema for each in DIFFERENCES if each.mended}
    for name, file in FILES.items():
        assert (read(name) == file) is (name not in mended)


@pytest.mark.parametrize("action", ["MeterValues", "StopTransaction"])
@pytest.mark.parametrize(
    ("measurand", "unit"),
    [("Frequency", "Hertz"), ("Temperature", "Celcius"), ("Temperature", "Celsius")],
)
def test_a_unit_that_the_text_has_is_taken_in_both_messages(
    action: str, measurand: str, unit: str
) -> None:
    value = {"value": "50.0", "measurand": measurand, "unit": unit}
    meter_value = [{"timestamp": NOW, "sampledValue": [value]}]
    payload = {
        "MeterValues": {"connectorId": 1, "meterValue": meter_value},
        "StopTransaction": {
            "transactionId": 1,
            "meterStop": 0,
            "timestamp": NOW,
            "transactionData": meter_value,
        },
    }[action]
    assert check(action, "call", payload) is None
