"""How far the fluctuation swings the current of each vehicle, by running the power stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from evtui.power import VEHICLES, PowerStage, Vehicle, preset

__all__ = ["HEAD", "PERIODS", "rows", "swing"]

PERIODS = (4.0, 8.0, 20.0, 60.0)
"""s; 8 s is that of the default waits, which are all longer or shorter by the same share."""

STAGES = ("seed", "dc", "ccs")

HIGH = 100.0

DT = 0.1

_PERIODS = " / ".join(f"{each:g}" for each in PERIODS)

HEAD = ("vehicle", *(f"`{name}`, {_PERIODS} s" for name in STAGES))


def swing(vehicle: Vehicle, kind: str, variant: str, period: float) -> float:
    """A between the lowest and the highest current in the third and fourth cycle.

    Limits of 0 and 100 A, at 20 % state of charge.  With ``txprofile`` the limit is low for a
    quarter of the period; with ``seed`` a start comes at 3/8 of it and a stop at 5/8.
    """
    stage = PowerStage(preset(kind), vehicle)
    stage.set_limit(HIGH)
    plan: dict[float, Callable[[], None]]
    if variant == "txprofile":
        stage.start()
        for _ in range(600):
            stage.step(DT)
        plan = {0.0: lambda: stage.set_limit(0.0), 2 / 8: lambda: stage.set_limit(HIGH)}
    else:
        plan = {3 / 8: stage.start, 5 / 8: stage.stop}
    steps = round(period / DT)
    at = {round(share * steps): do for share, do in plan.items()}
    seen = []
    for cycle in range(4):
        for step in range(steps):
            if step in at:
                at[step]()
            current = stage.step(DT).current
            if cycle >= 2:
                seen.append(current)
    return max(seen) - min(seen)


def rows(variant: str) -> Iterator[tuple[str, ...]]:
    """A row for each vehicle, swings in A, by the name of the variant."""
    for name, vehicle in VEHICLES.items():
        swings = (
            " / ".join(f"{swing(vehicle, kind, variant, period):.0f}" for period in PERIODS) + " A"
            for kind in STAGES
        )
        yield f"`{name}`", *swings
