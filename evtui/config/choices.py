"""What a setting may be where that is one of several names, and what such names are called."""

from __future__ import annotations

from typing import Literal, get_args

__all__ = [
    "FAVOURITES",
    "PRESETS",
    "PROTOCOLS",
    "VARIANTS",
    "VEHICLE_NAMES",
    "AfterCrash",
    "CanBitrate",
    "CanDataBitrate",
    "CanOverflow",
    "CanQueue",
    "CanRecovery",
    "PresetName",
    "ProtocolName",
    "RecordTrouble",
    "Theme",
    "UnknownIdTags",
    "UnknownStations",
    "Variant",
    "VehicleName",
]

PresetName = Literal["seed", "dc", "ccs", "ac"]
PRESETS: tuple[PresetName, ...] = get_args(PresetName)
"""In the order in which one steps through them."""

ProtocolName = Literal["seed", "infy", "advantics"]
PROTOCOLS: tuple[ProtocolName, ...] = get_args(ProtocolName)
"""Those of :data:`evtui.canbus.packs.known.PROTOCOLS`; a test compares."""

VehicleName = Literal[
    "battery", "bmw-ix", "ev6", "id4", "ioniq5", "model-3", "model-y", "polestar2", "zoe"
]
VEHICLE_NAMES: tuple[VehicleName, ...] = get_args(VehicleName)
"""Those of :data:`evtui.power.VEHICLES`; a test compares."""

Variant = Literal["seed", "txprofile", "txdefault", "startstop"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)
"""Of the fluctuation, in the order in which one steps through them."""

FAVOURITES = (
    "repeated-current-fluctuation",
    "meter-falsify",
    "can-spoof-current",
    "cooling-off",
)
"""Anomalies that have a key of their own where nobody says otherwise: one a layer."""

RecordTrouble = Literal["continue", "stop"]
CanBitrate = Literal["125", "250", "500", "800", "1000", "ideal"]
CanDataBitrate = Literal["1000", "2000", "4000", "5000", "8000"]
CanQueue = Literal["priority", "fifo"]
CanOverflow = Literal["refuse", "drop-oldest", "overwrite"]
CanRecovery = Literal["automatic", "by-command"]
UnknownStations = Literal["accept", "refuse", "ask"]
UnknownIdTags = Literal["accept", "reject"]
AfterCrash = Literal["Reboot", "PowerLoss"]
Theme = Literal[
    "ansi-dark",
    "ansi-light",
    "atom-one-dark",
    "atom-one-light",
    "catppuccin-frappe",
    "catppuccin-latte",
    "catppuccin-macchiato",
    "catppuccin-mocha",
    "dracula",
    "flexoki",
    "gruvbox",
    "monokai",
    "nord",
    "rose-pine",
    "rose-pine-dawn",
    "rose-pine-moon",
    "solarized-dark",
    "solarized-light",
    "textual-dark",
    "textual-light",
    "tokyo-night",
]
"""Textual's themes, named here because the settings must not import it; a test compares."""
