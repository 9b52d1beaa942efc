"""``ocpp test --suite all`` of the npm package ocpp-ws-cli, against our central system."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from evtui.config import Settings
from tests.peers.rig import cli_report, program, running

pytestmark = [pytest.mark.peer, pytest.mark.timeout(180)]

IDENTITY = "CP001"
CHECKS = 21

BY_THE_SPECIFICATION = {
    "Server requires subprotocol": (
        "wants the handshake refused; OCPP-J 1.6 section 3.2 wants it completed without the "
        "header Sec-WebSocket-Protocol, and the connection closed at once"
    ),
    "Server rejects oversized frames (>128KB)": (
        "OCPP 1.6 sets no limit, and data of DataTransfer.req has none either (section 6.15, "
        "'Length undefined'); ours is 1 MiB, closed with 1009 (RFC 6455 section 7.4.1)"
    ),
    "Server enforces MessageId is a string": (
        "wants the number back, and FormatViolation; a message id is a string (OCPP-J 1.6 "
        "section 4.1.4), so that one cannot be read, and the code is FormationViolation (4.2.3)"
    ),
    "Server rejects missing payload in CALL": (
        "wants FormatViolation of OCPP 2.0.1; OCPP-J 1.6 section 4.2.3 has FormationViolation"
    ),
    "Server rejects non-object payload in CALL": (
        "wants FormatViolation of OCPP 2.0.1; OCPP-J 1.6 section 4.2.3 has FormationViolation"
    ),
}
"""The checks that cannot pass, with the reason."""

ISSUES = {
    "Server requires subprotocol": "accepted connection with no OCPP subprotocol",
    "Server rejects oversized frames (>128KB)": "did not close connection",
    "Server enforces MessageId is a string": '[4,"-1","FormationViolation",',
    "Server rejects missing payload in CALL": '"FormationViolation",',
    "Server rejects non-object payload in CALL": '"FormationViolation",',
}


async def test_what_fails_of_the_compliance_suite_fails_by_the_specification(
    ocpp_cli: Path, tmp_path: Path
) -> None:
    async with running(Settings(port=0)) as ours:
        await ours.lab.central_system.ready.wait()
        results = await suite(ocpp_cli, ours.lab.central_system.url, tmp_path)
        assert ours.link == "accepted"  # our own station beside it noticed nothing

    failed = {result["name"]: result["issue"] for result in results if not result["passed"]}
    assert len(results) == CHECKS
    assert failed.keys() == BY_THE_SPECIFICATION.keys()
    for name, issue in failed.items():
        assert ISSUES[name] in issue


async def suite(cli: Path, url: str, reports: Path) -> list[dict[str, Any]]:
    """Run every check and return what became of each."""
    async with program(
        cli, "test", "--endpoint", url, "--identity", IDENTITY, "--protocol", "ocpp1.6",
        "--suite", "all", "--report", "json", "--report-dir", str(reports),
    ) as started:  # fmt: skip
        await started.finished(within=90)
    return list(cli_report(reports)["testResults"])
