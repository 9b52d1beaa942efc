"""A central system in a process that may open few files.

``python -m tests.central_system.scarce LIMIT`` prints its URL, and when its standard input ends
one line of JSON: how many rows, notes and refusals there were.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys

from evtui.central_system.system import CentralSystem
from evtui.events import CentralSystemLoad, Event, Note, OcppMessage
from evtui.runtime.logs import logs_as_notes


async def main(limit: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    csms = CentralSystem()
    seen: list[Event] = []
    csms.events.subscribe(seen.append)
    loop = asyncio.get_running_loop()
    with logs_as_notes(csms.events, loop.call_soon_threadsafe):
        async with csms:
            print(csms.url, flush=True)
            await asyncio.to_thread(sys.stdin.read)
            await asyncio.sleep(1.5)  # the last load is told within a second
    refused = [one for one in seen if isinstance(one, OcppMessage) and one.is_refusal]
    told = {
        "rows": len(refused),
        "errors": sorted({one.error for one in refused}),
        "notes": [one.text for one in seen if isinstance(one, Note)],
        "refused": max(one.refused for one in seen if isinstance(one, CentralSystemLoad)),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
