"""Malformed messages and frames of every sort, thrown at both of our ends.

About 2,000 in the usual run; ``EVTUI_FULL=1`` makes it 100,000 and times a healthy station that
is served beside them (``pytest -s`` shows the figures).
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import psutil
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from evtui.central_system.system import CentralSystem
from tests.bench.measure import percentile
from tests.ocpp16.rig import BOOT, Client, Rig, client, running, until
from tests.ocppj.frames import Frame, text
from tests.ocppj.rough import RoughPeer, open_end

FULL = os.environ.get("EVTUI_FULL") == "1"

MESSAGES = 40
"""Messages of one example, which come over one connection."""

EXAMPLES = 49
ROUNDS = 50 if FULL else 1
"""Rounds of so many examples: Hypothesis remembers every example of a round."""

GROWTH_MAX = 40 * 1024 * 1024
"""Bytes that the process may grow by between the first quarter of a full run and its end."""

SENT_KEPT = 2_000
"""Messages sent whose delivery may still be matched, over all connections."""

ACTIONS = ("BootNotification", "DataTransfer", "Heartbeat", "MeterValues", "StartTransaction")

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30)
    | st.sampled_from(["connectorId", "x" * 5_000, "2026-01-01T00:00:00Z", "\x00", "é😀"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["connectorId", "idTag", "meterValue", "vendorId", ""]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)

message_ids = st.sampled_from(["", "1", "2", "-1", "x" * 36, "x" * 37, "x" * 3_000]) | json_values

arrays = st.tuples(
    st.sampled_from([-1, 0, 1, 2, 2, 2, 2, 3, 4, 5, 10**30, 2.0, "2", None, True]),
    message_ids,
    st.sampled_from(ACTIONS) | json_values,
    json_values,
    json_values,
)


@st.composite
def calls_cut_short(draw: st.DrawFn) -> str:
    """A good call with a piece missing."""
    payload = draw(st.sampled_from([BOOT, {"vendorId": "v", "data": "d" * 50}]))
    whole = json.dumps([2, "cut", draw(st.sampled_from(ACTIONS)), payload])
    start = draw(st.integers(0, len(whole)))
    return whole[:start] + whole[draw(st.integers(start, len(whole))) :]


messages = st.one_of(
    st.text(max_size=50),
    json_values.map(json.dumps),
    arrays.flatmap(lambda parts: st.integers(1, 5).map(lambda size: json.dumps(parts[:size]))),
    calls_cut_short(),
    st.integers(1, 3_000).map(lambda depth: "[" * depth),
    st.integers(1, 3_000).map(lambda depth: '[2,"deep","DataTransfer",' + '{"x":' * depth),
)

last_bytes = st.one_of(
    st.just(b""),
    st.binary(max_size=300),
    st.builds(
        lambda frame, mask: frame.wire(mask=mask),
        st.builds(
            Frame, st.integers(0, 15), st.binary(max_size=300), st.booleans(), st.integers(0, 7)
        ),
        st.booleans(),
    ),
)
"""What ends a connection, or leaves it waiting for the rest of a frame."""

examples = given(st.lists(messages, min_size=MESSAGES, max_size=MESSAGES), last_bytes)
thorough = settings(
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


async def throw(peer: RoughPeer, texts: list[str], last: bytes) -> None:
    """Throw one example: ``texts``, a good call that must be answered, and what comes last."""
    peer.write(*(frame for message in texts for frame in text(message)))
    peer.write(*text('[2,"probe","DataTransfer",{"vendorId":"probe"}]'))
    while (await peer.hear())[1] != "probe":
        pass
    peer.connection.transport.write(last)
    with suppress(TimeoutError, ConnectionClosed):
        async with asyncio.timeout(0.005):
            await peer.connection.recv()
    peer.connection.transport.abort()


class Target:
    """A central system, and a healthy station that it serves while others misbehave.

    Attributes:
        latencies: s, of the healthy station's calls.
        thrown: messages and last bytes so far.
        sizes: bytes of the process after each round.
    """

    def __init__(self, rig: Rig, central: CentralSystem, healthy: Client) -> None:
        self.rig = rig
        self.central = central
        self.latencies: list[float] = []
        self.thrown = 0
        self.sizes: list[int] = []
        self._healthy = healthy

    @classmethod
    @asynccontextmanager
    async def up(cls) -> AsyncIterator[Target]:
        rig = Rig()
        central = rig.central_system()
        async with running(central), client(central, "/healthy") as healthy:
            await healthy.call("BootNotification", BOOT)
            yield cls(rig, central, healthy)

    async def take(self, texts: list[str], last: bytes) -> None:
        """Take one example over a connection of its own."""
        over = asyncio.Event()
        beside = asyncio.create_task(self._serve_beside(over))
        async with client(self.central, "/bad") as bad:
            await bad.call("BootNotification", BOOT)
            await throw(RoughPeer(bad.connection), texts, last)
        over.set()
        await beside
        self.thrown += len(texts) + 1
        self.rig.events.clear()

    async def _serve_beside(self, over: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        while not over.is_set():
            begun = loop.time()
            await self._healthy.call("Heartbeat", {})
            self.latencies.append(loop.time() - begun)
            await asyncio.sleep(0.002)

    @property
    def connected(self) -> set[str]:
        """Stations that the central system holds for connected."""
        return {name for name, info in self.central.stations.items() if info.connected}


@pytest.mark.timeout(3600)
def test_a_central_system_takes_no_harm_and_a_healthy_station_beside_it_is_served() -> None:
    with asyncio.Runner() as runner:
        up = Target.up()
        target = runner.run(up.__aenter__())
        tasks = len(asyncio.all_tasks(runner.get_loop()))

        for number in range(ROUNDS):

            @seed(number)
            @settings(thorough, max_examples=EXAMPLES)
            @examples
            def fuzz(texts: list[str], last: bytes) -> None:
                runner.run(target.take(texts, last))

            fuzz()
            gc.collect()
            target.sizes.append(psutil.Process().memory_info().rss)
        runner.run(until(lambda: target.connected == {"healthy"}))
        assert len(asyncio.all_tasks(runner.get_loop())) <= tasks
        assert len(target.rig.sent) <= SENT_KEPT
        assert len(target.central.stations) <= 2
        assert len(target.latencies) >= EXAMPLES
        runner.run(up.__aexit__(None, None, None))
    if FULL:
        growth = target.sizes[-1] - target.sizes[len(target.sizes) // 4]
        p99 = percentile(target.latencies, 0.99)
        print(
            f"\n{target.thrown} thrown, {len(target.latencies)} healthy calls: "
            f"p99 {p99 * 1000:.1f} ms, worst {max(target.latencies) * 1000:.1f} ms; "
            f"memory {growth / 2**20:+.1f} MiB"
        )
        assert target.thrown >= 100_000
        assert p99 < 0.05
        assert growth < GROWTH_MAX


@settings(thorough, max_examples=25)
@examples
def test_a_charge_point_takes_no_harm(texts: list[str], last: bytes) -> None:
    async def main() -> None:
        async with open_end("charge point") as end:
            await throw(end.peer, texts, last)

    asyncio.run(main())
