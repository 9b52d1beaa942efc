"""Between two foreign programs: ``ocpp simulate`` of ocpp-ws-cli and ``ocpp-csms``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from evtui.config import Settings
from evtui.events import AnomalyState, Event, LinkState, OcppMessage
from evtui.lab import Lab
from evtui.runtime import listen
from tests.peers.rig import program, until

pytestmark = pytest.mark.peer

SIM = "SIM1"


async def test_a_whole_session_passes_and_a_meter_reading_is_falsified_on_its_way(
    ocpp_cli: Path, ocpp_csms: Path
) -> None:
    events: list[Event] = []

    def passed(action: str, phase: str = "delivered", **facts: Any) -> list[OcppMessage]:
        return [
            event
            for event in events
            if isinstance(event, OcppMessage)
            and (event.action, event.phase) == (action, phase)
            and all(getattr(event, name) == value for name, value in facts.items())
        ]

    async with program(
        ocpp_csms, "--host", "127.0.0.1", "--port", "0", PYTHONUNBUFFERED="1"
    ) as csms:
        await until(lambda: csms.lines, "a line of ocpp-csms")
        listening = re.fullmatch(r"listening on port (\d+)", csms.lines[0])
        assert listening is not None, csms.lines
        listener = listen(0)
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}"
        settings = Settings(upstream=f"ws://127.0.0.1:{listening[1]}")
        async with (
            Lab(settings, listener=listener, readers=(events.append,)) as lab,
            program(
                ocpp_cli, "simulate", "--endpoint", url, "--identity", SIM, "--protocol",
                "ocpp1.6", "--id-tag", "CARD", "--report", "txt", "--report-dir", "/dev/null",
            ) as keys,
        ):  # fmt: skip
            await until(lambda: passed("StatusNotification", kind="result"), "its status")
            keys.press("a")
            await until(lambda: passed("Authorize", kind="result"), "Authorize")
            keys.press("t")
            await until(lambda: passed("StartTransaction", kind="result"), "StartTransaction")
            keys.press("m")
            await until(lambda: passed("MeterValues", kind="result"), "MeterValues")
            assert passed("MeterValues", "sent")[0].payload == passed("MeterValues")[0].payload

            await lab.execute("proxy.arm", station=SIM)
            await lab.execute("anomaly.start", station=SIM, name="meter-falsify")
            keys.press("m")
            await until(lambda: len(passed("MeterValues", kind="result")) == 2, "MeterValues")
            before = passed("MeterValues", "sent", kind="call")[-1].payload
            after = passed("MeterValues", kind="call")[-1].payload
            assert before["transactionId"] == after["transactionId"]
            assert before != after, "a reading was changed"
            await lab.execute("anomaly.stop", station=SIM)

            keys.press("e")
            await until(lambda: passed("StopTransaction", kind="result"), "StopTransaction")
            keys.press("q")
            await until(
                lambda: any(
                    isinstance(each, LinkState) and each.state == "offline" for each in events
                ),
                "its leaving",
            )
        said = {line.partition("(")[0] for line in csms.lines}
        assert {"TransactionStartedEvent", "TransactionStoppedEvent", "MeterValuesEvent"} <= said
    changes = [each.change for each in events if isinstance(each, AnomalyState)]
    assert "step" in changes
    assert "safe" in changes
