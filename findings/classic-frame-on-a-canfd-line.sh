#!/usr/bin/env bash
# What is read from an .asc log in which a classic frame stands on a CANFD line.  Vector's tools write
# every frame of a CAN FD channel on such a line; bit 12 of its flags says whether it is CAN FD, bit 13
# whether it switches the bit rate.  python-can's own writer sets bit 12 for CAN FD.
#
# One would guess: python-can tells the two apart by that bit, as it does in a .blf.
# Seen with PyPI python-can 4.6.1: a line with flags 0 is read as a CAN FD frame, like one with 1000,
# so every classic frame of such a channel becomes CAN FD, and is sent as that when the log is played.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-can==4.6.1

cat >log.asc <<'ASC'
date Mon Nov 30 12:00:00.000 pm 2026
base hex  timestamps absolute
internal events logged
// version 13.0.0
   0.100000 CANFD   1 Rx        300                                   0 0 2  2 64 00   113000   60        0 0 0 0 0 0
   0.200000 CANFD   1 Rx        300                                   0 0 2  2 64 00   113000   60     1000 0 0 0 0 0
   0.300000 CANFD   1 Rx        300                                   1 0 2  2 64 00   113000   60     3000 0 0 0 0 0
ASC

cat >read.py <<'PY'
import can

for message in can.LogReader("log.asc"):
    print(f"{message.timestamp:.1f} s: is_fd {message.is_fd}, bitrate_switch {message.bitrate_switch}")
with can.ASCWriter("own.asc") as log:
    for fd in (False, True):
        log.on_message_received(
            can.Message(arbitration_id=0x300, data=[0x64], is_extended_id=False, is_fd=fd, channel=0)
        )
for line in open("own.asc"):
    words = line.split()
    if "300" in words:
        print(f"its writer: {'CANFD line, flags ' + words[-6] if 'CANFD' in words else 'classic line'}")
PY
venv/bin/python read.py 2>/dev/null | tee seen.txt
diff seen.txt - <<'SEEN' && echo "so it is"
0.1 s: is_fd True, bitrate_switch False
0.2 s: is_fd True, bitrate_switch False
0.3 s: is_fd True, bitrate_switch True
its writer: classic line
its writer: CANFD line, flags 1000
SEEN
