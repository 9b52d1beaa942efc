from __future__ import annotations

import msgspec

from evtui.events import OcppMessage
from evtui.tui.models.exchanges import Exchange
from evtui.tui.models.hiding import KEPT, Hiding


def _message(seq: int, size: int) -> OcppMessage:
    body = msgspec.json.encode({"vendorId": "v", "data": "token=hidden " + "x" * size})
    return OcppMessage(
        seq=seq,
        t=float(seq),
        source="csms",
        station="CP1",
        sender="charge_point",
        phase="delivered",
        kind="call",
        uid=str(seq),
        action="DataTransfer",
        body=msgspec.Raw(body),
    )


def test_messages_with_secrets_are_kept_as_they_came_up_to_a_number_of_bytes() -> None:
    hiding = Hiding()
    size = KEPT // 4
    shown = hiding.events([_message(seq, size) for seq in range(1, 11)])
    messages = [event for event in shown if isinstance(event, OcppMessage)]
    assert not any(b"hidden" in bytes(message.body) for message in messages)
    kept = [each.seq for each in messages if hiding.revealed(Exchange(each)) is not None]
    assert kept == [8, 9, 10]
