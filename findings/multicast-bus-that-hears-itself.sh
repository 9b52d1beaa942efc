#!/usr/bin/env bash
# Whether a bus of python-can's interface udp_multicast receives what it has sent itself.
#
# One would guess: it does not.  receive_own_messages is False unless somebody asks for it, the
# documentation says that it is "currently unsupported", and True raises an exception.
# Seen with PyPI python-can 4.6.1 and msgpack 1.1.2: every frame comes back at once, and as if
# somebody else had sent it (is_rx is True); only what stands in it tells it from a stranger's.
# A program that answers frames may so answer itself.  interface virtual does not do that.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-can==4.6.1 msgpack==1.1.2

cat >echo.py <<'PY'
import can

ASKED = can.Message(arbitration_id=0x123, data=b"mine", is_extended_id=False)
for interface, channel, more in (
    ("udp_multicast", "239.74.163.2", {"hop_limit": 0}),
    ("virtual", "one", {}),
):
    try:
        bus = can.Bus(channel, interface=interface, **more)
    except can.CanInitializationError as error:
        print(f"{interface}: not on this computer: {error}")
        continue
    with bus:
        bus.send(ASKED)
        heard = bus.recv(1.0)
        print(f"{interface}: {heard and f'hears itself, is_rx {heard.is_rx}'}")
PY
venv/bin/python echo.py
