"""Charging profiles for tests, by hand and by chance."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from evtui.smart_charging import ChargingProfile, Kind, Period, Purpose, Recurrency

__all__ = ["amperes", "any_profile", "make", "moments"]

DAY = 86_400

# Whole seconds around a few days, so that schedules, validities and questions meet often.
moments = st.integers(-2 * DAY, 8 * DAY).map(float) | st.integers(0, 200).map(float)


def make(
    limit: float = 16.0, purpose: Purpose = Purpose.TX_DEFAULT, **fields: Any
) -> ChargingProfile:
    """A profile that always applies, unless ``fields`` say otherwise."""
    defaults: dict[str, Any] = {
        "profile_id": 1,
        "stack_level": 0,
        "kind": Kind.RELATIVE,
        "unit": "A",
        "periods": (Period(0.0, limit),),
    }
    return ChargingProfile(purpose=purpose, **(defaults | fields))


def amperes(limit: float, unit: str) -> float:
    """Watts at 400 V."""
    return limit if unit == "A" else limit / 400


@st.composite
def any_profile(draw: st.DrawFn, purpose: Purpose | None = None) -> ChargingProfile:
    """A profile that :func:`profile_from_payload` could have read."""
    span = st.integers(0, 300) | st.integers(0, 2 * DAY)
    kind = draw(st.sampled_from(Kind))
    starts = {0, *draw(st.lists(span, max_size=3))}
    begins = kind is Kind.RECURRING or (kind is Kind.ABSOLUTE and draw(st.booleans()))
    return ChargingProfile(
        profile_id=draw(st.integers(1, 20)),
        stack_level=draw(st.integers(0, 3)),
        purpose=purpose or draw(st.sampled_from(Purpose)),
        kind=kind,
        unit=draw(st.sampled_from("AW")),
        periods=tuple(
            Period(float(start), draw(st.integers(0, 200).map(float))) for start in sorted(starts)
        ),
        duration=draw(st.none() | span.map(float)),
        start_schedule=draw(moments) if begins else None,
        recurrency=draw(st.sampled_from(Recurrency)) if kind is Kind.RECURRING else None,
        valid_from=draw(st.none() | moments),
        valid_to=draw(st.none() | moments),
    )
