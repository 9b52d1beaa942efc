"""One log in each format as its own tools write it: the same five frames, and what is beside them.

The frames: 0x300 with 6400 received; 0x18FF50E5 with eight bytes sent; a remote frame 0x123 that
asks for 4 bytes; a frame of CAN FD of 12 bytes with its bit rate switched; an error frame.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ASC", "PYTHON_CAN", "SAVVYCAN", "TEXTS", "TRC", "Text"]


class Text(NamedTuple):
    """A log.

    Attributes:
        name: of its file.
        text: what is in it.
        frames: of the five, the numbers of those that the format holds.
        bus: the name of the bus of all of them.
        dated: whether its times have a date.
    """

    name: str
    text: str
    frames: str = "01234"
    bus: str = "can0"
    dated: bool = True


ASC = Text(
    "canoe.asc",
    """date Wed Nov 18 11:06:40.000 am 2026
base hex  timestamps absolute
internal events logged
// version 9.0.0
Begin Triggerblock Wed Nov 18 11:06:40.000 am 2026
   0.000000 Start of measurement
   0.015991 CAN 1 Status:chip status error active
   0.100000 1  300             Rx   d 2 64 00  Length = 196000 BitCount = 96 ID = 768
   0.150000 1  300             TxRq d 2 64 00
   0.200000 1  18FF50E5x       Tx   d 8 01 02 03 04 05 06 07 08
   0.250000 1  Statistic: D 2 R 0 XD 1 XR 0 E 0 O 0 B 0.04%
   0.300000 1  123             Rx   r 4
   0.400000 CANFD   1 Rx        700  Some_Name                       1 0 9 12 00 01 02 03 04 \
05 06 07 08 09 0a 0b   102203  133   303000 e0006659 46500250 4b140250 20011736 2001040d
   0.500000 1  ErrorFrame	Flags = 0xe	CodeExt = 0x20a2	Code = 0x82	ID = 0
End TriggerBlock
""",
)

ASC_RELATIVE = Text(
    "relative.asc",
    """date Mit Nov 18 11:06:40 2026
base dec timestamps relative
no internal events logged
   0.100000 1  768             Rx   d 2 100 0
   0.050000 1  Statistic: D 2 R 0 XD 1 XR 0 E 0 O 0 B 0.04%
   0.050000 1  419385573x      Tx   d 8 1 2 3 4 5 6 7 8
   0.100000 1  291             Rx   r 4
   0.100000 CANFD   1 Rx   1792   1 0 9 12 0 1 2 3 4 5 6 7 8 9 10 11
   0.100000 1  ErrorFrame
""",
)

_TRC_ROWS = {
    "1.0": """     1)       100  0300  2 64 00
     2)       200  18FF50E5  8 01 02 03 04 05 06 07 08
     3)       300  0123  4 RTR
     4)       450  FFFFFFFF  4 00 00 00 04
""",
    "1.1": """     1)       100.0  Rx         0300  2  64 00
     2)       200.0  Tx     18FF50E5  8  01 02 03 04 05 06 07 08
     3)       300.0  Rx         0123  4  RTR
     4)       450.0  Warng  FFFFFFFF  4  00 00 00 04  BUSLIGHT
     5)       500.0  Error      0008  4  00 19 08 08
""",
    "1.3": """     1)       100.000 1  Rx        0300 -  2    64 00
     2)       200.000 1  Tx    18FF50E5 -  8    01 02 03 04 05 06 07 08
     3)       300.000 1  Rx        0123 -  4    RTR
     4)       450.000 1  Warng FFFFFFFF -  4    00 00 00 04  BUSLIGHT
     5)       500.000 1  Error     0008 -  4    00 19 08 08
""",
    "2.0": """      1       100.000 DT     0300 Rx 2  64 00
      2       200.000 DT 18FF50E5 Tx 8  01 02 03 04 05 06 07 08
      3       300.000 RR     0123 Rx 4
      4       400.000 FB     0700 Rx 12 00 01 02 03 04 05 06 07 08 09 0A 0B
      5       450.000 ST          Rx    00 00 00 08
      6       500.000 ER          Rx    04 00 02 00 00
""",
    "2.1": """      1       100.000 DT 1      0300 Rx -  2    64 00
      2       200.000 DT 1  18FF50E5 Tx -  8    01 02 03 04 05 06 07 08
      3       300.000 RR 1      0123 Rx -  4
      4       400.000 FB 1      0700 Rx -  9    00 01 02 03 04 05 06 07 08 09 0A 0B
      5       450.000 ST 1         - Rx -  4    00 00 00 08
      6       500.000 ER 1         - Rx -  5    04 00 02 00 00
""",
}
_TRC_COLUMNS = {"2.0": "N,O,T,I,d,l,D", "2.1": "N,O,T,B,I,d,R,L,D"}
_TRC_START = 46344.46296296296
"""Days from 30 December 1899 to 18 November 2026, 11:06:40 UTC."""


def _trc(version: str) -> Text:
    head = "" if version == "1.0" else f";$FILEVERSION={version}\n;$STARTTIME={_TRC_START!r}\n"
    if version in _TRC_COLUMNS:
        head += f";$COLUMNS={_TRC_COLUMNS[version]}\n"
    rule = ";---+--   ----+----  --+--  ----+---  +  -+ -- -- -- -- -- -- --\n"
    frames = {"1.0": "012", "1.1": "0124", "1.3": "0124"}.get(version, "01234")
    text = head + rule + _TRC_ROWS[version]
    return Text(f"v{version}.trc", text.replace("\n", "\r\n"), frames, dated=version != "1.0")


TRC = {version: _trc(version) for version in _TRC_ROWS}

SAVVYCAN = Text(
    "savvy.csv",
    """Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8
1795000000100000,00000300,false,Rx,0,2,64,00,
1795000000200000,18FF50E5,true,Tx,0,8,01,02,03,04,05,06,07,08,
1795000000400000,00000700,false,Rx,0,12,00,01,02,03,04,05,06,07,08,09,0A,0B,
""",
    "013",
)

PYTHON_CAN = Text(
    "python-can.csv",
    """timestamp,arbitration_id,extended,remote,error,dlc,data
1795000000.1,0x300,0,0,0,2,ZAA=
1795000000.2,0x18ff50e5,1,0,0,8,AQIDBAUGBwg=
1795000000.3,0x123,0,1,0,4,
1795000000.4,0x700,0,0,0,12,AAECAwQFBgcICQoL
1795000000.5,0x0,0,0,1,0,
""",
)

TEXTS = (ASC, ASC_RELATIVE, *TRC.values(), SAVVYCAN, PYTHON_CAN)
