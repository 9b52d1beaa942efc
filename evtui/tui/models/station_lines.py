"""Charge points in words: what the panel and the list of stations say of them."""

from __future__ import annotations

import math
from typing import NamedTuple

from evtui.tui.models.selection import ChosenPlace
from evtui.tui.models.stations import ConnectorRow, Station, StationRows
from evtui.tui.models.text import clean

__all__ = [
    "LINK_GLYPHS",
    "Trouble",
    "about",
    "connector_text",
    "connectors_text",
    "link_glyph",
    "link_role",
    "load_forms",
    "trouble",
    "where_to_connect",
]

LINK_GLYPHS = {"accepted": "●", "connected": "◐", "booting": "◐", "pending": "◐", "asking": "?"}
"""How a connection stands, in one character; any other state is ○."""

REDUNDANT = "cannot connect: "
"""What goes without saying of a station that is offline."""


def link_glyph(station: Station) -> str:
    """How its connection stands, in one character."""
    return LINK_GLYPHS.get(station.link, "○")


def link_role(station: Station) -> str:
    """How its connection stands, as a colour."""
    glyph = link_glyph(station)
    return {"●": "good", "○": "bad"}.get(glyph, "warning")


class Trouble(NamedTuple):
    """Why a connection does not stand, and when it is tried again.

    Attributes:
        why: the reason with what it means.
        short: the reason in a few words.
        when: ``next try in 12 s``; empty where nobody knows.
        when_short: ``12 s``.
    """

    why: str
    short: str
    when: str = ""
    when_short: str = ""

    @property
    def forms(self) -> tuple[str, str, str]:
        """In one line, longest form first."""
        return (
            self.why + (f"; {self.when}" if self.when else ""),
            self.short + (f", {self.when}" if self.when else ""),
            f"{self.short} {self.when_short}".rstrip(),
        )


def trouble(station: Station | None, now: float) -> Trouble | None:
    """What is wrong with its connection; None where it stands, or nothing is known of it.

    Args:
        now: lab time in s.
    """
    if station is None or station.link in ("accepted", "connected", "booting", "asking"):
        return None
    why = clean(station.link_detail).removeprefix(REDUNDANT)
    # Reasons come from libraries and peers too, so there is no field for the short form: where
    # the colon is missing all of it is shown, cut to the width.
    short = why.partition(": ")[0]
    if not why:
        return None
    if station.link == "connecting":
        return Trouble(why, short, "trying again now")
    if station.next_try is None:
        return Trouble(why, short)
    wait = f"{max(0, math.ceil(station.next_try - now))} s"
    return Trouble(why, short, f"next try in {wait}", wait)


def connector_text(connector: ConnectorRow) -> str:
    """``Charging tx 7``, ``Faulted GroundFailure``."""
    words = [connector.status or "–"]
    if connector.busy:
        words.append("tx …" if connector.transaction is None else f"tx {connector.transaction}")
    words.append(connector.error)
    return clean(" ".join(word for word in words if word))


def connectors_text(station: Station, chosen: ChosenPlace | None = None) -> str:
    """All connectors on one line, ``chosen`` marked where there is more than one."""
    outlets = station.outlets
    told = []
    for number, connector in outlets:
        here = len(outlets) > 1 and chosen == (station.identity, number)
        told.append(f"{'▸' if here else ''}{number} {connector_text(connector)}")
    return " · ".join(told)


def about(station: Station) -> str:
    """Vendor, model and firmware, as its BootNotification has them."""
    words = (station.vendor, station.model, station.firmware)
    return clean(" ".join(word for word in words if word))


def load_forms(stations: StationRows) -> tuple[str, ...]:
    """What the central system carries, longest form first; nothing where it has not told."""
    load = stations.load
    if load is None:
        return ("",)
    counts = (
        f"refused {load.refused:,}",
        f"invalid {load.invalid:,}",
        f"too big {load.oversize:,}",
        f"throttled {load.throttled:,}",
        f"evicted {load.evicted:,}",
    ) + ((f"abandoned {load.abandoned:,}",) if load.abandoned else ())
    connections = f"{load.connections:,}/{load.connections_max:,}"
    return (
        "  ".join((f"connections {connections}", f"{load.calls_per_s:.1f} calls/s", *counts)),
        " ".join((connections, f"{load.calls_per_s:.0f}/s", *counts)),
    )


def where_to_connect(stations: StationRows) -> str:
    """What somebody has to do so that a foreign station appears."""
    if not stations.url:
        return "evtui's own central system does not listen: no foreign station can connect"
    return f"a foreign station connects to {clean(stations.url)}/IDENTITY"
