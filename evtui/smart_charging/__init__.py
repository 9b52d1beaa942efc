"""Charging profiles as pure data and the limit they allow at a moment.  No I/O, no clock."""

from evtui.smart_charging.limit import Allowance, allowance
from evtui.smart_charging.profile import (
    ChargingProfile,
    InvalidProfile,
    Kind,
    Period,
    Purpose,
    Recurrency,
    profile_from_payload,
)
from evtui.smart_charging.store import ProfileStore, StoredProfile

__all__ = [
    "Allowance",
    "ChargingProfile",
    "InvalidProfile",
    "Kind",
    "Period",
    "ProfileStore",
    "Purpose",
    "Recurrency",
    "StoredProfile",
    "allowance",
    "profile_from_payload",
]
