"""Composite schedules worked out by hand (OCPP 1.6 sections 3.13, 5.7 and 5.16).

Unless a case says otherwise, connector 1 charges since Monday 12:00 at a DC station of one
connector, 100 A without a profile, 200 A at most, 400 V, and is asked from Monday 12:00 for four
hours in A.  What is expected: from when on which limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from evtui.smart_charging import OutletLimits, ProfileKind, StoredProfile, composite
from tests.smart_charging.station import at, cap, default, hold, outlet, span, tx

ONE = (outlet(charging="Mon 12:00"),)
IDLE = (outlet(),)
BOTH = (outlet(1, "Mon 12:00"), outlet(2, "Mon 12:00"))
FIRST = (outlet(1, "Mon 12:00"), outlet(2))
AC = (
    outlet(
        charging="Mon 12:00",
        default_limit=32.0,
        rated_current=32.0,
        watts_per_ampere=690.0,  # 3 phases of 230 V
        phases=3,
    ),
)
AC_BOTH = (AC[0], replace(AC[0], connector=2))
AC_ONE_PHASE = (
    outlet(
        charging="Mon 12:00",
        default_limit=32.0,
        rated_current=32.0,
        watts_per_ampere=230.0,
        phases=1,
    ),
)


@dataclass(frozen=True)
class Case:
    """One composite schedule.

    Attributes:
        section: where OCPP 1.6 edition 2 or its errata sheet (E) says so.
        phases: numberPhases of each expected period; all of the station's where it says nothing.
    """

    name: str
    section: str
    profiles: Sequence[StoredProfile]
    expected: Sequence[tuple[str, float]]
    station: Sequence[OutletLimits] = ONE
    connector: int = 1
    start: str = "Mon 12:00"
    lasts: str = "4:00"
    unit: str = "A"
    phases: Sequence[int | None] = ()


NONE = [
    Case("no profile: the station's own limit", "5.7", [], [("Mon 12:00", 100)]),
    Case("the rating caps a profile", "5.7", [default(500)], [("Mon 12:00", 200)]),
    Case("no current at all is a limit too", "7.14", [default(0)], [("Mon 12:00", 0)]),
    Case(
        "the other connector's transaction is none of ours",
        "3.13.1",
        [tx(10, connector=2)],
        [("Mon 12:00", 100)],
        station=BOTH,
    ),
]

PURPOSES = [
    Case(
        "a TxProfile overrules a TxDefaultProfile, allowing more",
        "3.13.1",
        [tx(80), default(10)],
        [("Mon 12:00", 80)],
    ),
    Case(
        "a TxProfile overrules a TxDefaultProfile, allowing less",
        "3.13.1",
        [tx(10), default(80)],
        [("Mon 12:00", 10)],
    ),
    Case(
        "a TxProfile overrules whatever the stack level of the default",
        "3.13.1",
        [tx(80, level=0), default(10, level=9)],
        [("Mon 12:00", 80)],
    ),
    Case(
        "a TxProfile that has ended leaves it to the default",
        "E3.43",
        [tx(20, lasts="1:00"), default(60)],
        [("Mon 12:00", 20), ("Mon 13:00", 60)],
    ),
    Case(
        "a TxProfile that has ended, and no default: as if none was there",
        "E3.43",
        [tx(20, lasts="1:00")],
        [("Mon 12:00", 20), ("Mon 13:00", 100)],
    ),
    Case(
        "a TxProfile that begins later",
        "3.13.3",
        [tx(20, begins="Mon 14:00"), default(60)],
        [("Mon 12:00", 60), ("Mon 14:00", 20)],
    ),
    Case(
        "a gap between TxProfiles belongs to the default",
        "3.13.3",
        [
            tx(20, begins="Mon 12:00", lasts="1:00"),
            tx(30, level=1, begins="Mon 14:00", lasts="1:00"),
            default(60),
        ],
        [("Mon 12:00", 20), ("Mon 13:00", 60), ("Mon 14:00", 30), ("Mon 15:00", 60)],
    ),
    Case(
        "a default of connector 0 applies to every connector",
        "3.13.1",
        [default(40, connector=0)],
        [("Mon 12:00", 40)],
    ),
    Case(
        "a default of the connector overrules that of connector 0, whatever the levels",
        "3.13.1",
        [default(40, connector=0, level=5), default(70, level=0)],
        [("Mon 12:00", 70)],
    ),
    Case(
        "a default of the connector that has ended leaves it to connector 0's",
        "3.13.1, E3.43",
        [default(40, connector=0), default(70, lasts="2:00")],
        [("Mon 12:00", 70), ("Mon 14:00", 40)],
    ),
    Case(
        "a default of another connector does not apply",
        "3.13.1",
        [default(40, connector=2)],
        [("Mon 12:00", 100)],
        station=BOTH,
    ),
]

CAPS = [
    Case("a cap below the TxProfile", "3.13.3", [cap(40), tx(80)], [("Mon 12:00", 40)]),
    Case("a cap above the TxProfile", "3.13.3", [cap(80), tx(40)], [("Mon 12:00", 40)]),
    Case("a cap without any other profile", "3.13.3", [cap(40)], [("Mon 12:00", 40)]),
    Case("a cap is no permission", "3.13.3", [cap(150)], [("Mon 12:00", 100)]),
    Case(
        "of two caps the higher stack level leads, not the lower limit",
        "3.13.2",
        [cap(60, level=1), cap(40, level=0)],
        [("Mon 12:00", 60)],
    ),
    Case(
        "a cap that ends",
        "3.13.3",
        [cap(40, begins="Mon 12:00", lasts="1:30"), tx(80)],
        [("Mon 12:00", 40), ("Mon 13:30", 80)],
    ),
    Case(
        "intervals of cap and default do not have to match",
        "3.13.3",
        [
            default({"0:00": 30, "2:00": 50}, begins="Mon 12:00"),
            cap({"0:00": 40, "1:00": 20, "3:00": 60}, begins="Mon 12:00"),
        ],
        # 12: 30 and 40; 13: 30 and 20; 14: 50 and 20; 15: 50 and 60
        [("Mon 12:00", 30), ("Mon 13:00", 20), ("Mon 15:00", 50)],
    ),
]

STACKS = [
    Case(
        "the highest stack level leads",
        "3.13.2",
        [default(20, level=0), default(60, level=2), default(40, level=1)],
        [("Mon 12:00", 60)],
    ),
    Case(
        "the highest level without a duration never falls back",
        "3.13.2",
        [default(60, level=1), default({"0:00": 10, "1:00": 20}, level=0)],
        [("Mon 12:00", 60)],
    ),
    Case(
        "the lower level leads again when the higher one has ended",
        "E3.43",
        [default(60, level=1, lasts="1:00"), default(20, level=0)],
        [("Mon 12:00", 60), ("Mon 13:00", 20)],
    ),
    Case(
        "the lower schedule has gone on meanwhile",
        "E3.43",
        [default(60, level=1, lasts="1:30"), default({"0:00": 10, "1:00": 20, "2:00": 30})],
        [("Mon 12:00", 60), ("Mon 13:30", 20), ("Mon 14:00", 30)],
    ),
    Case(
        "a higher level valid for an hour",
        "3.13.2",
        [default(60, level=1, since="Mon 13:00", until="Mon 14:00"), default(20)],
        [("Mon 12:00", 20), ("Mon 13:00", 60), ("Mon 14:00", 20)],
    ),
    Case(
        "three levels, one under the other",
        "3.13.2",
        [
            default(10, level=2, begins="Mon 13:00", lasts="0:30"),
            default(20, level=1, begins="Mon 12:30", lasts="2:00"),
            default(30, level=0, begins="Mon 12:00", lasts="3:00"),
        ],
        [
            ("Mon 12:00", 30),
            ("Mon 12:30", 20),
            ("Mon 13:00", 10),
            ("Mon 13:30", 20),
            ("Mon 14:30", 30),
            ("Mon 15:00", 100),
        ],
    ),
    Case(
        "neighbours with the same limit are one period",
        "3.13.3",
        [tx(16, lasts="1:00"), default(16)],
        [("Mon 12:00", 16)],
    ),
]

VALIDITY = [
    Case(
        "not valid yet",
        "3.13.2",
        [default(20, since="Mon 13:00")],
        [("Mon 12:00", 100), ("Mon 13:00", 20)],
    ),
    Case("not valid any more", "3.13.2", [default(20, until="Mon 12:00")], [("Mon 12:00", 100)]),
    Case(
        "validity ends before the schedule does",
        "3.13.2",
        [default(20, lasts="3:00", until="Mon 13:00")],
        [("Mon 12:00", 20), ("Mon 13:00", 100)],
    ),
    Case(
        "becoming valid does not move the schedule",
        "3.13.2",
        [default({"0:00": 10, "1:00": 20, "2:00": 30}, begins="Mon 12:00", since="Mon 13:30")],
        [("Mon 12:00", 100), ("Mon 13:30", 20), ("Mon 14:00", 30)],
    ),
]

SCHEDULES = [
    Case(
        "an absolute schedule that began in the morning",
        "7.9",
        [default({"0:00": 10, "3:00": 20}, begins="Mon 10:00")],
        [("Mon 12:00", 10), ("Mon 13:00", 20)],
    ),
    Case(
        "an absolute schedule that is still to begin",
        "7.13",
        [default({"0:00": 10, "1:00": 20}, begins="Mon 13:00")],
        [("Mon 12:00", 100), ("Mon 13:00", 10), ("Mon 14:00", 20)],
    ),
    Case(
        "the last period of an open-ended schedule stays",
        "7.13",
        [default({"0:00": 10, "1:00": 20}, begins="Sun 00:00")],
        [("Sun 23:00", 20)],
        start="Sun 23:00",
    ),
    Case(
        "periods behind the duration are not executed",
        "5.16.4",
        [default({"0:00": 10, "1:00": 20, "2:00": 30}, lasts="1:30")],
        [("Mon 12:00", 10), ("Mon 13:00", 20), ("Mon 13:30", 100)],
    ),
    Case(
        "the last period stays until the duration ends",
        "5.16.4",
        [default({"0:00": 10, "1:00": 20}, lasts="3:00")],
        [("Mon 12:00", 10), ("Mon 13:00", 20), ("Mon 15:00", 100)],
    ),
    Case(
        "a relative schedule counts from the start of the transaction",
        "7.9",
        [default({"0:00": 10, "2:00": 20})],
        [("Mon 12:00", 10), ("Mon 13:00", 20)],
        station=(outlet(charging="Mon 11:00"),),
    ),
    Case(
        "a relative schedule that ended an hour ago",
        "7.9",
        [default(10, lasts="1:00")],
        [("Mon 12:00", 100)],
        station=(outlet(charging="Mon 10:00"),),
    ),
    Case(
        "without a transaction a relative schedule is laid out from now",
        "7.9",
        [default({"0:00": 10, "1:00": 20})],
        [("Mon 12:00", 10), ("Mon 13:00", 20)],
        station=IDLE,
    ),
    Case(
        "an absolute schedule without a start is relative to the start of charging",
        "7.13",
        [default({"0:00": 10, "2:00": 20}, kind=ProfileKind.ABSOLUTE)],
        [("Mon 12:00", 10), ("Mon 13:00", 20)],
        station=(outlet(charging="Mon 11:00"),),
    ),
    Case(
        "an absolute schedule does not wait for a transaction",
        "7.9",
        [default({"0:00": 10, "2:00": 20}, begins="Mon 11:00")],
        [("Mon 12:00", 10), ("Mon 13:00", 20)],
        station=IDLE,
    ),
    Case(
        "a relative cap counts from the first transaction of the station",
        "7.9",
        [cap({"0:00": 10, "2:00": 20})],
        [("Mon 12:00", 5), ("Mon 13:00", 10)],  # each has half of it
        station=(outlet(1, "Mon 11:30"), outlet(2, "Mon 11:00")),
    ),
]

NIGHTS = default(16, begins="Mon 22:00", lasts="8:00", repeats="Daily")
WEEKEND = default(16, begins="Sat 08:00", lasts="47:00", repeats="Weekly")  # to Monday 07:00
OFFICE = default(
    {"0:00": 11_000, "8:00": 6_000, "20:00": 11_000},
    unit="W",
    begins="2013-01-01 00:00",
    lasts="24:00",
    repeats="Daily",
)

RECURRING = [
    Case(
        "every night, over midnight",
        "7.37, E3.79",
        [NIGHTS],
        [("Tue 20:00", 100), ("Tue 22:00", 16), ("Wed 06:00", 100)],
        start="Tue 20:00",
        lasts="12:00",
    ),
    Case(
        "asked after midnight, in the night that began the day before",
        "7.37, E3.79",
        [NIGHTS],
        [("Wed 02:00", 16), ("Wed 06:00", 100)],
        start="Wed 02:00",
        lasts="6:00",
    ),
    Case(
        "two nights in one answer",
        "7.37, E3.79",
        [NIGHTS],
        [("Wed 05:00", 16), ("Wed 06:00", 100), ("Wed 22:00", 16), ("Thu 06:00", 100)],
        start="Wed 05:00",
        lasts="26:00",
    ),
    Case(
        "every weekend, over the end of the week",
        "7.37, E3.79",
        [WEEKEND],
        [("2026-01-18 20:00", 16), ("2026-01-19 07:00", 100)],
        start="2026-01-18 20:00",  # the Sunday a week after
        lasts="12:00",
    ),
    Case(
        "on a working day the weekend's profile is silent",
        "7.37",
        [WEEKEND],
        [("2026-01-14 12:00", 100)],
        start="2026-01-14 12:00",
    ),
    Case(
        "a recurring schedule does not recur before its start",
        "7.13",
        [NIGHTS],
        [("Mon 00:00", 100), ("Mon 22:00", 16)],
        start="Mon 00:00",
        lasts="24:00",
    ),
    Case(
        "a duration longer than the day is cut by the next occurrence",
        "E3.44",
        [default({"0:00": 10, "25:00": 20}, begins="Mon 00:00", lasts="30:00", repeats="Daily")],
        [("Tue 00:00", 10)],
        start="Tue 00:00",
        lasts="48:00",
    ),
    Case(
        "without a duration each day starts anew",
        "E3.79",
        [default({"0:00": 10, "12:00": 20}, begins="Mon 00:00", repeats="Daily")],
        [("Tue 06:00", 10), ("Tue 12:00", 20), ("Wed 00:00", 10)],
        start="Tue 06:00",
        lasts="24:00",
    ),
    Case(
        "the example of the standard: 6 kW from 8 to 20 o'clock",
        "3.13.7",
        [OFFICE],
        [("Mon 06:00", 11_000), ("Mon 08:00", 6_000), ("Mon 20:00", 11_000)],
        station=AC,
        start="Mon 06:00",
        lasts="24:00",
        unit="W",
    ),
    Case(
        "a holiday on top of the week",
        "3.13.2",
        [
            default({"0:00": 60, "6:00": 20}, begins="Mon 00:00", repeats="Daily"),
            default(80, level=1, since="Wed 00:00", until="Thu 00:00"),
        ],
        [("Tue 12:00", 20), ("Wed 00:00", 80), ("Thu 00:00", 60), ("Thu 06:00", 20)],
        start="Tue 12:00",
        lasts="48:00",
    ),
    Case(
        "validity ends in the middle of a night",
        "3.13.2",
        [default(16, begins="Mon 22:00", lasts="8:00", repeats="Daily", until="Wed 00:00")],
        [("Tue 20:00", 100), ("Tue 22:00", 16), ("Wed 00:00", 100)],
        start="Tue 20:00",
        lasts="48:00",
    ),
    Case(
        "summer time comes in Europe, and a day still has 24 hours",
        "3.14, E3.79",
        [default(16, begins="2026-03-28 00:30", lasts="2:00", repeats="Daily")],
        [("2026-03-29 00:00", 100), ("2026-03-29 00:30", 16), ("2026-03-29 02:30", 100)],
        start="2026-03-29 00:00",
    ),
    Case(
        "between two nights the TxProfile's silence belongs to the default",
        "E3.43",
        [tx(16, begins="Mon 22:00", lasts="8:00", repeats="Daily"), default(50)],
        [("Tue 20:00", 50), ("Tue 22:00", 16), ("Wed 06:00", 50)],
        start="Tue 20:00",
        lasts="12:00",
    ),
]

UNITS = [
    Case("DC: 8 kW at 400 V", "7.12", [default(8_000, unit="W")], [("Mon 12:00", 20)]),
    Case("DC: 20 A at 400 V in W", "7.12", [default(20)], [("Mon 12:00", 8_000)], unit="W"),
    Case(
        "AC: 11.04 kW are 16 A on each of three phases",
        "7.12, E3.69",
        [default(11_040, unit="W")],
        [("Mon 12:00", 16)],
        station=AC,
    ),
    Case(
        "AC: 16 A on each of three phases are 11.04 kW",
        "7.12, E3.69",
        [default(16)],
        [("Mon 12:00", 11_040)],
        station=AC,
        unit="W",
    ),
    Case(
        "more phases than the station has: the A-limit as it is given",
        "E3.34",
        [default(16, phases=3)],
        [("Mon 12:00", 16)],
        station=AC_ONE_PHASE,
    ),
    Case(
        "more phases than the station has: the W-limit as it is given",
        "E3.34",
        [default(3_680, unit="W", phases=3)],
        [("Mon 12:00", 16)],
        station=AC_ONE_PHASE,
    ),
    Case(
        "a cap in W over a TxProfile in A",
        "3.13.3",
        [cap(9_200, unit="W"), tx({"0:00": 20, "1:00": 30})],
        [("Mon 12:00", 20), ("Mon 13:00", 23)],
    ),
    Case(
        "a cap in A over a TxProfile in W",
        "3.13.3",
        [cap(23), tx({"0:00": 8_000, "1:00": 12_000}, unit="W")],
        [("Mon 12:00", 8_000), ("Mon 13:00", 9_200)],
        unit="W",
    ),
]

# numberPhases, 3 where it is absent.  32 A at most, 230 V, so 230, 460 or 690 W for each A.
PHASES = [
    Case("AC: no profile uses all phases", "7.14", [], [("Mon 12:00", 32)], AC, phases=[3]),
    Case(
        "AC: 10 A on one phase are 10 A on one phase",
        "7.14",
        [default(10, phases=1)],
        [("Mon 12:00", 10)],
        AC,
        phases=[1],
    ),
    Case(
        "AC: 10 A on one phase are 2.3 kW",
        "7.14",
        [default(10, phases=1)],
        [("Mon 12:00", 2_300)],
        AC,
        unit="W",
        phases=[1],
    ),
    Case(
        "AC: 10 A on two phases are 4.6 kW",
        "7.14",
        [tx(10, phases=2)],
        [("Mon 12:00", 4_600)],
        AC,
        unit="W",
        phases=[2],
    ),
    Case(
        "AC: 3.68 kW on one phase are 16 A",
        "7.12, E3.69",
        [default(3_680, unit="W", phases=1)],
        [("Mon 12:00", 16)],
        AC,
        phases=[1],
    ),
    Case(
        "AC: 7.36 kW on two phases are 16 A",
        "7.12, E3.69",
        [default(7_360, unit="W", phases=2)],
        [("Mon 12:00", 16)],
        AC,
        phases=[2],
    ),
    Case(
        "AC: without numberPhases 11.04 kW are those of three",
        "7.14, E3.69",
        [default(11_040, unit="W")],
        [("Mon 12:00", 16)],
        AC,
        phases=[3],
    ),
    Case(
        "AC: more watts than one phase can give",
        "7.12",
        [default(11_040, unit="W", phases=1)],
        [("Mon 12:00", 32)],  # of the 48 A that these would be
        AC,
        phases=[1],
    ),
    Case(
        "two phases of a station that has one",
        "E3.34",
        [default(16, phases=2)],
        [("Mon 12:00", 16)],
        AC_ONE_PHASE,
        phases=[1],
    ),
    Case("DC: phases mean nothing", "7.14", [default(10, phases=1)], [("Mon 12:00", 10)]),
    Case(
        "DC: phases mean nothing in W either",
        "7.14",
        [default(8_000, unit="W", phases=1)],
        [("Mon 12:00", 20)],
    ),
    Case(
        "only the phases change",
        "7.14",
        [tx(16, phases=1, lasts="1:00"), default(16)],
        [("Mon 12:00", 16), ("Mon 13:00", 16)],
        AC,
        phases=[1, 3],
    ),
    Case(
        "a profile that is overruled does not limit the phases",
        "3.13.1",
        [tx(20), default(10, phases=1)],
        [("Mon 12:00", 20)],
        AC,
        phases=[3],
    ),
    Case(
        "a profile that is not valid yet does not limit the phases",
        "3.13.2",
        [default(20, phases=1, since="Mon 13:00")],
        [("Mon 12:00", 32), ("Mon 13:00", 20)],
        AC,
        phases=[3, 1],
    ),
    Case(
        "a cap of 16 A on three phases, a TxProfile of 20 A on one",
        "3.13.3",
        [cap(16, phases=3), tx(20, phases=1)],
        [("Mon 12:00", 16)],
        AC,
        phases=[1],
    ),
    Case(
        "a cap of 16 A on one phase, a TxProfile of 20 A on three",
        "3.13.3",
        [cap(16, phases=1), tx(20, phases=3)],
        [("Mon 12:00", 16)],
        AC,
        phases=[1],
    ),
    Case(
        "the fewest phases, whichever profile has the lower limit",
        "3.13.3",
        [cap(20, phases=2), tx(16, phases=1)],
        [("Mon 12:00", 16)],
        AC,
        phases=[1],
    ),
    Case(
        "a cap in W that allows more on one phase than the TxProfile does",
        "3.13.3, E3.69",
        [cap(5_750, unit="W"), tx(20, phases=1)],
        [("Mon 12:00", 20)],  # of the 25 A that the cap is on one phase
        AC,
        phases=[1],
    ),
    Case(
        "a cap in W that allows less on one phase than the TxProfile does",
        "3.13.3, E3.69",
        [cap(3_680, unit="W"), tx(20, phases=1)],
        [("Mon 12:00", 16)],
        AC,
        phases=[1],
    ),
    Case(
        "a TxProfile in W for three phases under a cap of one: the total as it is given",
        "3.13.3, E3.34",
        [cap(20, phases=1), tx(3_680, unit="W")],
        [("Mon 12:00", 16)],
        AC,
        phases=[1],
    ),
    Case(
        "a cap of one phase for an hour",
        "3.13.3",
        [cap(16, phases=1, begins="Mon 12:00", lasts="1:00"), tx(10)],
        [("Mon 12:00", 10), ("Mon 13:00", 10)],
        AC,
        phases=[1, 3],
    ),
    Case(
        "a cap of one phase without any other profile",
        "3.13.3",
        [cap(40, phases=1)],
        [("Mon 12:00", 32)],
        AC,
        phases=[1],
    ),
    Case(
        "both charge, one of them on one phase: a cap in A counts on the first phase",
        "3.13.3",
        [cap(20), tx(32, phases=1)],
        [("Mon 12:00", 10)],
        AC_BOTH,
        phases=[1],
    ),
    Case(
        "both charge, the other one is on one phase",
        "3.13.3",
        [cap(20), tx(32, phases=1)],
        [("Mon 12:00", 10)],
        AC_BOTH,
        2,
        phases=[3],
    ),
    Case(
        "both charge: half of a cap in W is more A on one phase",
        "3.13.3, E3.69",
        [cap(9_200, unit="W"), tx(32, phases=1)],
        [("Mon 12:00", 20)],  # 4.6 kW
        AC_BOTH,
        phases=[1],
    ),
    Case(
        "both charge: what one phase does not take the other connector has",
        "3.13.3, E3.69",
        [cap(9_200, unit="W"), tx(10, phases=1)],
        [("Mon 12:00", 10)],  # 9.2 kW less 2.3 kW are 6.9 kW
        AC_BOTH,
        2,
        phases=[3],
    ),
    Case(
        "the station: A on the first phase, and as many phases as any connector",
        "5.7",
        [tx(10, phases=1)],
        [("Mon 12:00", 42)],
        AC_BOTH,
        0,
        phases=[3],
    ),
    Case(
        "the station in W: one phase of one, three of the other",
        "5.7",
        [tx(10, phases=1)],
        [("Mon 12:00", 24_380)],  # 2,300 and 22,080
        AC_BOTH,
        0,
        unit="W",
        phases=[3],
    ),
    Case(
        "the station: a cap of one phase is one of all",
        "5.7",
        [cap(40, phases=1)],
        [("Mon 12:00", 40)],
        AC_BOTH,
        0,
        phases=[1],
    ),
]

STATION = [
    Case("the station: what both may draw", "5.7", [], [("Mon 12:00", 200)], BOTH, 0),
    Case("the station: its cap", "5.7", [cap(120)], [("Mon 12:00", 120)], BOTH, 0),
    Case(
        "the station: a default for all counts for each",
        "5.7",
        [default(20, connector=0)],
        [("Mon 12:00", 40)],
        BOTH,
        0,
    ),
    Case(
        "the station: the sum where it is below the cap",
        "3.13.3",
        [
            cap(70),
            tx({"0:00": 30, "1:00": 10}),
            tx(50, connector=2),
        ],
        [("Mon 12:00", 70), ("Mon 13:00", 60)],
        BOTH,
        0,
    ),
    Case(
        "the station: a connector that may begin to charge counts",
        "5.7",
        [tx(30)],
        [("Mon 12:00", 130)],
        FIRST,
        0,
    ),
    Case(
        "the station in W",
        "E3.30",
        [cap(40_000, unit="W")],
        [("Mon 12:00", 40_000)],
        BOTH,
        0,
        unit="W",
    ),
    Case("both charge: half of the cap each", "3.13.3", [cap(60)], [("Mon 12:00", 30)], BOTH),
    Case(
        "both charge: what one does not want the other has",
        "3.13.3",
        [cap(60), tx({"0:00": 10, "1:00": 100}, connector=2)],
        [("Mon 12:00", 50), ("Mon 13:00", 30)],
        BOTH,
    ),
    Case("one charges: it has the whole cap", "3.13.3", [cap(60)], [("Mon 12:00", 60)], FIRST),
    Case(
        "one charges: the other would have its half",
        "3.13.3",
        [cap(60)],
        [("Mon 12:00", 30)],
        FIRST,
        2,
    ),
]

CASES = [
    *NONE,
    *PURPOSES,
    *CAPS,
    *STACKS,
    *VALIDITY,
    *SCHEDULES,
    *RECURRING,
    *UNITS,
    *PHASES,
    *STATION,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_composite_schedule_is_what_one_works_out_by_hand(case: Case) -> None:
    start = at(case.start)
    schedule = composite(
        hold(*case.profiles),
        case.station,
        case.connector,
        start=start,
        duration=span(case.lasts),
        unit=case.unit,
        most_periods=100,
    )
    found = [(start + period.start, round(period.limit, 9)) for period in schedule.periods]
    assert found == [(at(moment), limit) for moment, limit in case.expected]
    phases = case.phases or [case.station[0].phases] * len(found)
    assert [period.number_phases for period in schedule.periods] == list(phases)
    assert (schedule.connector, schedule.start, schedule.unit) == (case.connector, start, case.unit)
    assert schedule.duration == span(case.lasts)


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 40
