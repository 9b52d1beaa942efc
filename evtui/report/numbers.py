"""Numbers with their units, as people write them.  Pure."""

from __future__ import annotations

from typing import Any

__all__ = ["ampere", "energy", "moment", "plain", "span"]


def moment(t: float | None, missing: str = "–") -> str:
    """Lab time: ``12.3 s``, from an hour on with hours: ``4,520.0 s (1:15:20)``."""
    if t is None:
        return missing
    text = f"{t:,.1f} s"
    if t < 3600:
        return text
    minutes, seconds = divmod(int(t), 60)
    return f"{text} ({minutes // 60}:{minutes % 60:02d}:{seconds:02d})"


def span(seconds: float | None, missing: str = "–") -> str:
    """A length of time: ``16.1 s``, ``12 min 5 s``, ``24 h``."""
    if seconds is None:
        return missing
    if seconds < 600:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes} min {rest} s".removesuffix(" 0 s")
    return f"{minutes // 60} h {minutes % 60} min".removesuffix(" 0 min")


def energy(watt_hours: float | None) -> str:
    """``223 Wh``, from 10 kWh on ``12.3 kWh``."""
    if watt_hours is None:
        return "–"
    if abs(watt_hours) >= 10_000:
        return f"{watt_hours / 1000:,.1f} kWh"
    return f"{watt_hours:,.0f} Wh"


def ampere(current: float | None) -> str:
    """``98.8 A``."""
    return "–" if current is None else f"{current:,.1f} A"


def plain(value: Any) -> str:
    """A value of a manifest or of truth: numbers without trailing zeros, lists with commas."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.10g}"
    if isinstance(value, list | tuple):
        return ", ".join(plain(each) for each in value) or "–"
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(each)}" for key, each in value.items()) or "–"
    return str(value) or "–"
