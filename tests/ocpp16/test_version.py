"""What OCPP 1.6 tells a link of OCPP-J about its messages."""

from __future__ import annotations

import pytest

from evtui.ocpp16.version import OCPP_16


@pytest.mark.parametrize(
    ("payload", "connector"),
    [
        ({"connectorId": 2, "status": "Available"}, 2),
        ({"connectorId": 0}, 0),
        ({"connectorId": True}, None),
        ({"connectorId": "2"}, None),
        ({"evse": {"id": 2}}, None),
        ([2], None),
        (None, None),
    ],
)
def test_the_connector_of_a_message_is_its_connector_id(
    payload: object, connector: int | None
) -> None:
    assert OCPP_16.connector_of(payload) == connector
