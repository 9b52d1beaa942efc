"""Canned events: the seed's fluctuation as the lab would publish it."""

from __future__ import annotations

from collections.abc import Iterator

from evtui.events import Alarm, AnomalyState, Detection, Event, LabState, Sample

PARAMETERS = {
    "low_a": 0.0,
    "high_a": 100.0,
    "wait_1_s": 2.0,
    "wait_2_s": 1.0,
    "wait_3_s": 2.0,
    "wait_4_s": 3.0,
    "cycles": 0.0,
    "jitter": 0.0,
}


def sample(
    t: float,
    current: float = 0.0,
    limit: float = 100.0,
    reported: float | None = None,
    connector: int = 1,
    measured: float | None = None,
) -> Sample:
    """A sample of ``CP1`` with what the chart does not read left at rest."""
    return Sample(
        t=t,
        station="CP1",
        connector=connector,
        current=current,
        limit=limit,
        target=current,
        voltage=400.0,
        power=0.0,
        energy=0.0,
        temperature=30.0,
        contactor=current > 0,
        status="Available",
        reported=reported,
        measured=measured,
    )


def anomaly(t: float, change: str, *, active: bool = True, **other: object) -> AnomalyState:
    """A state of the injector; ``other`` replaces any of its fields."""
    fields: dict[str, object] = {
        "station": "CP1",
        "connector": 1,
        "attack_id": "fluctuation-1",
        "anomaly": "repeated-current-fluctuation",
        "variant": "seed",
        "parameters": PARAMETERS,
        "steps": 4,
        "period": 8.0,
    }
    return AnomalyState(t=t, change=change, active=active, **(fields | other))  # type: ignore[arg-type]


def alarm(t: float, raised: bool = True, view: str = "can") -> Alarm:
    """The reversal detector raises or clears."""
    return Alarm(
        t=t,
        station="CP1",
        connector=1,
        detector="current-reversals",
        view=view,
        raised=raised,
        evidence="4 reversals of 8 A in 60 s",
    )


def detection(t: float, after: float | None, attack_id: str = "fluctuation-1") -> Detection:
    """The scorer joins an alarm with the truth."""
    return Detection(
        t=t,
        station="CP1",
        detector="current-reversals",
        view="can",
        attack_id=attack_id,
        time_to_detect=after,
    )


def lab(*views: str, strict: bool = False) -> LabState:
    """The lab's settings, ``views`` being what the detector is fed from."""
    return LabState(
        t=0.0,
        station="CP1",
        preset="seed",
        strict=strict,
        plugged=True,
        meter_interval=1.0,
        detector_views=views or ("can",),
    )


def fluctuation(seconds: float) -> Iterator[Event]:
    """Idle for 8 s, then the seed's cycle: 0 A, 2 s, 100 A, 1 s, start, 2 s, stop, 3 s."""
    current = 0.0
    reported: float | None = None
    for tick in range(int(seconds * 10)):
        t, phase = tick / 10, (tick / 10) % 8
        attacked = t >= 8
        if tick == 80:
            yield anomaly(t, "on", cycle=1)
        target = 100.0 if attacked and 3 <= phase < 5 else 0.0
        current += (target - current) * 0.2
        if tick % 10 == 0:
            reported = round(current)
        yield sample(t, current, 0.0 if attacked and phase < 2 else 100.0, reported)
        if tick == 270:
            yield alarm(t)
            yield detection(t, 16.1)
