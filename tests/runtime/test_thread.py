from __future__ import annotations

import asyncio
import threading
from concurrent.futures import CancelledError, Future

import pytest

from evtui.runtime.clock import LoopClock
from evtui.runtime.thread import LoopThread
from tests.patience import PATIENCE


async def until_stopped(_clock: LoopClock, stop: asyncio.Event) -> None:
    await stop.wait()


async def name_of_thread() -> str:
    return threading.current_thread().name


def test_coroutines_run_on_the_thread_and_answer_here() -> None:
    thread = LoopThread(until_stopped, name="engine under test")
    thread.start()
    assert thread.submit(name_of_thread()).result(PATIENCE) == "engine under test"
    assert thread.clock.now() >= 0.0
    assert thread.stop(PATIENCE)


def test_functions_run_on_the_thread() -> None:
    thread = LoopThread(until_stopped)
    thread.start()
    called = threading.Event()
    thread.call_soon(called.set)
    assert called.wait(PATIENCE)
    assert thread.stop(PATIENCE)


def test_stopping_lets_main_finish_what_it_has_to() -> None:
    done: list[str] = []

    async def main(_clock: LoopClock, stop: asyncio.Event) -> None:
        await stop.wait()
        await asyncio.sleep(0.01)
        done.append("safe")

    thread = LoopThread(main)
    thread.start()
    alive = [thread.alive]
    assert thread.stop(PATIENCE)
    alive.append(thread.alive)
    assert alive == [True, False]
    assert done == ["safe"]
    assert thread.failure is None


def test_a_main_that_does_not_end_in_time_is_told() -> None:
    release = threading.Event()

    async def main(_clock: LoopClock, stop: asyncio.Event) -> None:
        await stop.wait()
        await asyncio.to_thread(release.wait)

    thread = LoopThread(main)
    thread.start()
    assert not thread.stop(0.05)
    release.set()
    assert thread.stop(PATIENCE)


def test_after_the_end_orders_fail_at_once_and_calls_do_nothing() -> None:
    thread = LoopThread(until_stopped)
    thread.start()
    assert thread.stop(PATIENCE)
    with pytest.raises(RuntimeError, match="the lab has ended"):
        thread.submit(name_of_thread()).result(PATIENCE)
    called: list[int] = []
    thread.call_soon(called.append, 1)
    assert called == []
    assert thread.stop(PATIENCE)


def test_before_the_start_orders_fail_too() -> None:
    with pytest.raises(RuntimeError, match="the lab has ended"):
        LoopThread(until_stopped).submit(name_of_thread()).result(PATIENCE)


def test_an_order_under_way_at_the_end_is_cancelled_not_forgotten() -> None:
    thread = LoopThread(until_stopped)
    thread.start()
    endless = thread.submit(asyncio.sleep(1e6))
    assert thread.stop(PATIENCE)
    with pytest.raises(CancelledError):
        endless.result(PATIENCE)


def test_what_main_dies_of_is_kept() -> None:
    async def main(_clock: LoopClock, _stop: asyncio.Event) -> None:
        raise ValueError("broken")

    thread = LoopThread(main)
    thread.start()
    assert thread.stop(PATIENCE)
    assert repr(thread.failure) == "ValueError('broken')"


def test_an_order_that_comes_while_the_loop_ends_is_answered() -> None:
    orders: list[Future[str]] = []

    async def order_at_the_last_moment(_clock: LoopClock, _stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        close = loop.close

        def close_late() -> None:
            orders.append(thread.submit(name_of_thread()))
            close()

        loop.close = close_late  # type: ignore[method-assign]

    thread = LoopThread(order_at_the_last_moment)
    thread.start()
    assert thread.stop(PATIENCE)
    (order,) = orders
    with pytest.raises(RuntimeError, match="has ended"):
        order.result(PATIENCE)
