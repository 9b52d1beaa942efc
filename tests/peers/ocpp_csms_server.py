"""The PyPI package ``ocpp-csms`` as a central system on a free port of loopback.

Run by an interpreter that has the package: ``python ocpp_csms_server.py``.  Orders come in as
JSON lines on stdin and what happens goes out as JSON lines on stdout, as with
``remote_control.js``.  The package keeps the ``ocpp`` library's validation switched on, so an
answer that breaks its schema is refused here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from dataclasses import asdict
from typing import Any

from ocpp.charge_point import camel_to_snake_case, remove_nones, snake_to_camel_case
from ocpp.v16 import call
from ocpp_csms import CentralSystem  # type: ignore[import-not-found]

HEARTBEAT_S = 1  # short, so that a test sees heartbeats


def report(event: str, **what: Any) -> None:
    print(json.dumps({"event": event, **what}, default=float), flush=True)  # Decimal limits


class Breaches(logging.Handler):
    """Reports what the package warns of: messages it could not take."""

    def emit(self, record: logging.LogRecord) -> None:
        report("violation", action="", text=record.getMessage())


async def obey(central_system: Any, line: str) -> None:
    order = json.loads(line)
    try:
        (station,) = central_system.charge_points.values()
        request = getattr(call, order["action"])(**camel_to_snake_case(order["payload"]))
        answer = snake_to_camel_case(remove_nones(asdict(await station.async_call(request))))
    except Exception as error:
        report("refused", order=order["order"], text=repr(error))
    else:
        report("answered", order=order["order"], answer=answer)


async def main() -> None:
    logging.getLogger("ocpp_csms").addHandler(Breaches(logging.WARNING))
    stdin = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    async with CentralSystem(
        host="127.0.0.1", port=0, heartbeat_interval=HEARTBEAT_S
    ) as central_system:
        report("ready", port=central_system.port)
        while line := await stdin.readline():
            await obey(central_system, line.decode())


asyncio.run(main())
