#!/usr/bin/env bash
# Where a frame lies that is 1.5 ms earlier than the first one of a log.  Threads that log two buses
# into one file, and `candump any`, stamp frames like that every day.
#
# One would guess: 1.5 ms before the first frame, or at its time.
# Seen with PyPI python-can 4.6.1, written and read back with the same library: in .asc the frame
# lies in the year 2083 (the writer takes a time before its start for one that is relative
# already, and the reader adds the start to it), in .blf it has moved to the first frame's time, and
# .trc holds an offset below zero, which the library itself reads and cantools 41.0.2 passes over.
# None of the three says a word.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-can==4.6.1 cantools==41.0.2

cat >earlier.py <<'PY'
import time

import can

FIRST = 1_795_000_000.0020
messages = [
    can.Message(timestamp=stamp, arbitration_id=0x300, data=[n], is_extended_id=False, channel=0)
    for n, stamp in enumerate((FIRST, FIRST - 0.0015, FIRST + 0.001))
]
for suffix in ("asc", "blf", "trc"):
    with can.Logger(f"log.{suffix}") as log:
        for message in messages:
            log.on_message_received(message)
    options = {"relative_timestamp": False} if suffix == "asc" else {}
    read = [message.timestamp for message in can.LogReader(f"log.{suffix}", **options)]
    apart = read[1] - read[0]
    where = f"in the year {time.gmtime(read[1]).tm_year}" if apart > 1e6 else f"{apart * 1e3:.1f} ms"
    print(f"{suffix}: {where}")
PY
cat >frames.dbc <<'DBC'
VERSION ""
NS_ :
BS_:
BU_: A
BO_ 768 Current: 1 A
 SG_ Current : 0|8@1+ (1,0) [0|255] "A" A
DBC
{
  venv/bin/python earlier.py
  echo "cantools: $(venv/bin/cantools decode --single-line frames.dbc <log.trc | grep -c 'Current(') of 3 lines of the .trc"
} | tee seen.txt
diff seen.txt - <<'SEEN' && echo "so it is"
asc: in the year 2083
blf: 0.0 ms
trc: -1.5 ms
cantools: 2 of 3 lines of the .trc
SEEN
