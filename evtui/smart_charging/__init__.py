"""Charging profiles as pure data and what they allow, now and from now on.  No I/O, no clock."""

from evtui.smart_charging.composite_schedule import CompositeSchedule, composite, conf_payload
from evtui.smart_charging.limit import Allowance, OutletLimits, allowance
from evtui.smart_charging.profile import (
    ChargingProfile,
    InvalidProfile,
    Period,
    ProfileKind,
    Purpose,
    Recurrency,
    payload_of,
    profile_from_payload,
)
from evtui.smart_charging.store import ProfileStore, StoredProfile

__all__ = [
    "Allowance",
    "ChargingProfile",
    "CompositeSchedule",
    "InvalidProfile",
    "OutletLimits",
    "Period",
    "ProfileKind",
    "ProfileStore",
    "Purpose",
    "Recurrency",
    "StoredProfile",
    "allowance",
    "composite",
    "conf_payload",
    "payload_of",
    "profile_from_payload",
]
