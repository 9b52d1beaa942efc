#!/usr/bin/env bash
# Whether the direction at the end of a candump log's lines is read by others:
# `(1795000000.002000) can0 300#6400 R`.  can-utils writes it with `candump -x`, python-can with every
# frame, and both read it.
#
# One would guess: whoever reads candump's logs reads those.
# Seen with PyPI python-can 4.6.1 and scapy 2.6.1: scapy ends with a ValueError at the first line
# that python-can wrote, and reads the same log without the two last characters.  Wireshark 4.0.17
# (Debian) does the same: "isn't a capture file in a format TShark understands".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-can==4.6.1 scapy==2.6.1

cat >direction.py <<'PY'
import can

with can.CanutilsLogWriter("with.log") as log:
    for n in range(3):
        log.on_message_received(
            can.Message(
                timestamp=1_795_000_000.002 + n,
                arbitration_id=0x300,
                data=[n, 0],
                is_extended_id=False,
                channel="can0",
            )
        )
lines = open("with.log").read().splitlines()
open("without.log", "w").writelines(f"{line.removesuffix(' R')}\n" for line in lines)
print(f"python-can writes: {lines[0]}")

from scapy.layers.can import CandumpReader

for name in ("with.log", "without.log"):
    try:
        print(f"scapy, {name}: {len(CandumpReader(name).read_all())} of 3 frames")
    except ValueError:
        print(f"scapy, {name}: ValueError")
PY
venv/bin/python direction.py 2>/dev/null | tee seen.txt
diff seen.txt - <<'SEEN' && echo "so it is"
python-can writes: (1795000000.002000) can0 300#0000 R
scapy, with.log: ValueError
scapy, without.log: 3 of 3 frames
SEEN
