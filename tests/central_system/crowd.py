"""Charge points in a process of their own that all connect at the same moment, once.

``python -m tests.central_system.crowd URL COUNT LATE`` prints one line of JSON once each has been
accepted or not, and keeps their connections until its standard input ends.  LATE: s between a
connection and the first byte of its request.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from evtui.ocpp16.version import SUBPROTOCOL
from evtui.ocppj.websocket import station_url

BOOT = '[2,"1","BootNotification",{"chargePointVendor":"evtui","chargePointModel":"crowd"}]'

WITHIN = 60.0
"""s for one attempt, on a machine that does other things as well."""


class Late(ClientConnection):
    """A connection whose request is sent some time after it was made."""

    late = 0.0

    async def handshake(self, *arguments: object, **options: object) -> None:
        await asyncio.sleep(self.late)
        await super().handshake(*arguments, **options)  # type: ignore[arg-type]


async def arrive(url: str, number: int) -> ClientConnection | str:
    """One attempt: its connection once it is accepted, or why it is not."""
    try:
        connection = await connect(
            station_url(url, f"CROWD-{number}"),
            subprotocols=[SUBPROTOCOL],
            compression=None,
            open_timeout=WITHIN,
            ping_interval=None,
            proxy=None,
            create_connection=Late,
        ).__aenter__()
        await connection.send(BOOT)
        answer = json.loads(await connection.recv())
    except (OSError, WebSocketException) as error:
        return repr(error)
    return connection if answer[2]["status"] == "Accepted" else str(answer)


async def main(url: str, count: int, late: float) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(count + 100, hard)), hard))
    Late.late = late
    began = time.monotonic()
    arrivals = await asyncio.gather(*(arrive(url, number) for number in range(count)))
    why_not = [one for one in arrivals if isinstance(one, str)]
    print(
        json.dumps(
            {
                "port": urlsplit(url).port,
                "accepted": count - len(why_not),
                "seconds": round(time.monotonic() - began, 2),
                "why_not": why_not[:3],
            }
        ),
        flush=True,
    )
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
