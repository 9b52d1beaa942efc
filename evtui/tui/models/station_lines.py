"""Charge points in words: what the panel and the list of stations say of them."""

from __future__ import annotations

from evtui.tui.models.selection import Place
from evtui.tui.models.stations import Connector, Station, Stations
from evtui.tui.models.summary import LINK_GLYPHS
from evtui.tui.models.text import clean

__all__ = [
    "about",
    "connector_text",
    "connectors_text",
    "link_glyph",
    "link_role",
    "load_forms",
    "where_to_connect",
]


def link_glyph(station: Station) -> str:
    """How its connection stands, in one character."""
    return LINK_GLYPHS.get(station.link, "○")


def link_role(station: Station) -> str:
    """How its connection stands, as a colour."""
    glyph = link_glyph(station)
    return {"●": "good", "○": "bad"}.get(glyph, "warning")


def connector_text(connector: Connector) -> str:
    """``Charging tx 7``, ``Faulted GroundFailure``."""
    words = [connector.status or "–"]
    if connector.busy:
        words.append("tx …" if connector.transaction is None else f"tx {connector.transaction}")
    words.append(connector.error)
    return clean(" ".join(word for word in words if word))


def connectors_text(station: Station, chosen: Place | None = None) -> str:
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


def load_forms(stations: Stations) -> tuple[str, ...]:
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


def where_to_connect(stations: Stations) -> str:
    """What somebody has to do so that a foreign station appears."""
    if not stations.url:
        return "evtui's own central system does not listen: no foreign station can connect"
    return f"a foreign station connects to {clean(stations.url)}/IDENTITY"
