"""A database in each format: a charger's status, with a multiplexed frame beside it."""

from __future__ import annotations

from pathlib import Path

from cantools.database.can import Database

__all__ = ["DBC", "written"]

DBC = """\
VERSION ""
NS_ :
BS_:
BU_: Charger
BO_ 768 Output: 8 Charger
 SG_ Voltage : 0|16@1+ (0.1,0) [0|1000] "V" Vector__XXX
 SG_ Current : 16|16@1- (0.1,0) [-500|500] "A" Vector__XXX
 SG_ State : 32|8@1+ (1,0) [0|3] "" Vector__XXX
BO_ 2566869221 Limits: 8 Charger
 SG_ Kind M : 0|8@1+ (1,0) [0|255] "" Vector__XXX
 SG_ MaxCurrent m1 : 8|16@1+ (0.1,0) [0|500] "A" Vector__XXX
 SG_ MaxVoltage m2 : 8|16@1+ (0.1,0) [0|1000] "V" Vector__XXX
VAL_ 768 State 0 "Idle" 1 "Charging" ;
"""


def written(folder: Path, suffix: str) -> Path:
    """The same in a file called .dbc, .kcd or .sym."""
    path = folder / f"charger.{suffix}"
    if suffix == "dbc":
        path.write_text(DBC)
        return path
    database = Database()
    database.add_dbc_string(DBC)
    path.write_text(database.as_kcd_string() if suffix == "kcd" else database.as_sym_string())
    return path
