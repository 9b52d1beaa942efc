"""Secrets that are typed into the form of an operation."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input, TextArea

from evtui.events import LinkState
from evtui.tui.models.typed_secrets import Secrets
from evtui.tui.screens.operation import OperationScreen
from evtui.tui.screens.operation_row import FieldRow
from tests.tui.driving import Driven, driven
from tests.tui.test_secrets import SECRET, drawn

DATE = "2026-01-01T00:00:00Z"


async def opened(one: Driven, action: str, **texts: str) -> OperationScreen:
    """The form of ``action``, filled in."""
    one.main.action_send_operation(action)
    await one.tick()
    form = one.screen
    assert isinstance(form, OperationScreen)
    for row in form.query(FieldRow):
        if row.field.name in texts:
            row.text = texts[row.field.name]
    await one.tick()
    return form


@pytest.mark.parametrize(
    ("action", "texts"),
    [
        ("ChangeConfiguration", {"key": "AuthorizationKey", "value": SECRET}),
        ("ChangeConfiguration", {"key": "wifiPassword", "value": SECRET}),
        ("UpdateFirmware", {"location": f"ftp://{SECRET}@host/f", "retrieveDate": DATE}),
        ("GetDiagnostics", {"location": f"https://host/up?sig={SECRET}"}),
        ("DataTransfer", {"vendorId": "x", "data": f"Authorization: Basic {SECRET}"}),
    ],
)
async def test_a_secret_is_typed_in_dots_and_sent_as_it_is(
    action: str, texts: dict[str, str]
) -> None:
    async with driven(6.0) as one:
        there = LinkState(station="CP1", side="central_system", state="accepted")
        one.main.operations.feed([there])
        one.main.operations.learn_places({f"{action}.location": "http://127.0.0.1:1/x/"})
        form = await opened(one, action, **texts)
        assert SECRET not in drawn(one)
        await one.press("f2")
        assert form.query_one(TextArea).display
        assert SECRET not in drawn(one)
        await one.press("ctrl+s")
        assert SECRET not in drawn(one)
        name, arguments = one.lab.submitted[-1], one.lab.arguments[-1]
        assert name == "csms.call"
        assert SECRET in json.dumps(arguments)
        await one.press("escape")
        await opened(one, action)
        assert SECRET not in drawn(one)
        await one.press("f2")
        assert SECRET not in drawn(one)
        await one.press("ctrl+s")
        assert (one.lab.submitted[-1], one.lab.arguments[-1]) == (name, arguments)


async def test_what_is_no_secret_is_typed_in_clear() -> None:
    async with driven(6.0) as one:
        form = await opened(one, "ChangeConfiguration", key="HeartbeatInterval", value="300")
        assert not any(each.password for each in form.query(Input))
        assert "300" in drawn(one)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "***", "x", "http://u:p@h"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["key", "value", "password", "data"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(JSON)
def test_what_is_hidden_in_edited_json_is_there_all_the_same(value: object) -> None:
    secrets = Secrets()
    assert json.loads(secrets.restore(secrets.hide(json.dumps(value)))) == value


def test_what_is_written_over_a_hidden_secret_counts() -> None:
    secrets = Secrets()
    shown = secrets.hide('{"key": "AuthorizationKey", "value": "s3cr3t", "list": [{"token": "t"}]}')
    assert "s3cr3t" not in shown
    changed = shown.replace('"value": "***"', '"value": "new"')
    assert json.loads(secrets.restore(changed)) == {
        "key": "AuthorizationKey",
        "value": "new",
        "list": [{"token": "t"}],
    }
    assert secrets.restore("{not JSON") == "{not JSON"
