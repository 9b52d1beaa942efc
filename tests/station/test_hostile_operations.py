"""Operations that hold their schema, with values nobody would send, at a station that charges."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from evtui.ocpp16.forms import OPERATIONS
from tests.ocpp16.hostile import payloads
from tests.station.fake_central import Refused
from tests.station.rig import Rig, charge, station
from tests.virtual_loop import run_virtual

NOT_TAKEN = frozenset({"Rejected", "NotSupported", "NotImplemented", "Unknown", "Failed"}) | {
    *("VersionMismatch", "Occupied", "Faulted", "Unavailable", "UnknownVendorId"),
    *("UnlockFailed", "UnknownMessageId", "PropertyConstraintViolation"),
}
"""Statuses and error codes of answers that say: nothing was changed."""

ASKED = 8
"""Operations of one example, one after the other at the same station."""

hostile = settings(
    deadline=None,
    max_examples=20,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an example is long: none is shrunk
    suppress_health_check=list(HealthCheck),
)

BY_THEMSELVES = ("id tag cache", "firmware update", "diagnostics upload")
"""Documents that change when what was asked for earlier goes on."""


def belongings(rig: Rig) -> dict[str, Any]:
    """All that an operation can change, but for what it sets off."""
    station = rig.charge_point
    return {
        "kept": {
            name: text
            for (kind, name), text in rig.store.rows.items()
            if kind == "document" and name not in BY_THEMSELVES
        },
        "keys": station.configuration.report(None),
        "profiles": list(station.profiles._profiles),
        "reservations": station.reservations.export(),
        "availability": station.availability.export(),
    }


async def ask(rig: Rig, action: str, payload: dict[str, Any]) -> None:
    before = belongings(rig)
    try:
        status = (await rig.central.call(action, **payload)).get("status")
    except Refused as refused:
        status = str(refused)
    assert status != "InternalError", rig.notes()
    if status in NOT_TAKEN:
        assert belongings(rig) == before


async def ask_all(asked: list[tuple[str, dict[str, Any]]]) -> None:
    async with station(connectors=2) as rig:
        rig.plug(2)
        await charge(rig)
        for action, payload in asked:
            await ask(rig, action, payload)
        assert "failed" not in rig.notes()


USUAL: dict[str, Any] = {
    "connectorId": 2,  # plugged in and free
    "transactionId": 101,  # of connector 1
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "recurrencyKind": "Daily",
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0}],
    "duration": 3600,
    "minChargingRate": 6,
    "listVersion": 7,
    "updateType": "Full",
}


def operations(action: str) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    return payloads(action, **USUAL).map(lambda payload: (action, payload))


@pytest.mark.parametrize("action", OPERATIONS)
@hostile
@given(st.data())
def test_an_odd_payload_is_answered_and_what_is_refused_has_changed_nothing(
    action: str, data: st.DataObject
) -> None:
    asked = data.draw(st.lists(operations(action), min_size=ASKED, max_size=ASKED))
    run_virtual(ask_all(asked))


@hostile
@given(
    st.lists(
        st.sampled_from([*OPERATIONS]).flatmap(operations), min_size=4 * ASKED, max_size=4 * ASKED
    )
)
def test_so_are_all_operations_in_any_order(asked: list[tuple[str, dict[str, Any]]]) -> None:
    run_virtual(ask_all(asked))
