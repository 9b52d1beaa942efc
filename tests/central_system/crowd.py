"""Charge points in a process of their own that all connect at the same moment.

``python -m tests.central_system.crowd URL COUNT`` prints one line of JSON once each has been
let in or not, and keeps their connections until its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time

from evtui.ocpp16.transport import LinkClosed
from evtui.ocpp16.websocket import WebSocketTransport, dial, station_url

BOOT = '[2,"1","BootNotification",{"chargePointVendor":"evtui","chargePointModel":"crowd"}]'


async def arrive(url: str, number: int) -> WebSocketTransport | str:
    """One attempt: its connection once it is accepted, or why it is not."""
    try:
        transport, _ = await dial(station_url(url, f"CROWD-{number}"))
        await transport.send(BOOT)
        answer = json.loads(await transport.recv())
    except LinkClosed as closed:
        return str(closed)
    return transport if answer[2]["status"] == "Accepted" else str(answer)


async def main(url: str, count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(count + 100, hard)), hard))
    began = time.monotonic()
    arrivals = await asyncio.gather(*(arrive(url, number) for number in range(count)))
    took = time.monotonic() - began
    why_not = [one for one in arrivals if isinstance(one, str)]
    result = {"in": count - len(why_not), "seconds": round(took, 2), "why_not": why_not[:3]}
    print(json.dumps(result), flush=True)
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
