"""Forged reports of the current, in place of the genuine ones or right after each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from evtui.anomalies.run import Run
from evtui.canbus import Frame
from evtui.events import CanFrame

__all__ = ["CLAIMS", "report_instead"]

CLAIMS = frozenset({"identifier 0x300"})


async def report_instead(
    run: Run[Any], value: Callable[[float], float | None], *, beside: bool = False
) -> None:
    """From now on the module's reports say something else.

    Each forged frame goes out when the genuine one would have: nothing shows in its timing.

    Where several modules share a connector, each says its part of it, once all of them have said
    what is true.

    Args:
        value: A to say, from the true ones; None for nothing.
        beside: leave the genuine ones on the bus, each with a forged one right after it.
    """
    parts: dict[int | None, float] = {}
    all_heard = False

    def is_report(frame: Frame | CanFrame) -> bool:
        heard = run.bus.said(frame)
        return heard is not None and heard.current is not None

    def forged(frame: Frame | CanFrame) -> Frame | None:
        nonlocal all_heard
        heard = run.bus.said(frame)
        if heard is None or heard.current is None:
            return None
        all_heard |= heard.module is None or heard.module in parts
        parts[heard.module] = heard.current
        if not all_heard:
            return run.bus.current(heard.current, frame)
        total = sum(parts.values())
        said = value(total)
        if said is None:
            return None
        share = heard.current / total if total else 1 / len(parts)
        return run.bus.current(said * share, frame)

    def heard(frame: CanFrame) -> None:
        if is_report(frame) and (after := forged(frame)) is not None:
            run.bus.send(after)

    if beside:
        run.bus.unmute()
        run.bus.listen(heard)
    else:
        run.bus.listen(None)
        run.bus.mute(is_report, forged)
