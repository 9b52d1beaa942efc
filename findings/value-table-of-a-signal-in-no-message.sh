#!/usr/bin/env bash
# Whether a DBC can be loaded in which a signal that is in no message has names for its values.
# Vector's editors keep such signals in VECTOR__INDEPENDENT_SIG_MSG, with the identifier 0xC0000000, and
# their names in a VAL_ of that identifier like those of any other signal.
#
# One would guess: signals in no message are left out, or kept beside the messages, and the rest is read.
# Seen with PyPI cantools 45.1.0 and canmatrix 1.3.3: cantools leaves out the message, and then refuses
# the whole file for a VAL_ that belongs to none, with strict=False too; without that one line, or with
# the signal but no names, it reads it.  canmatrix reads all of them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cantools==45.1.0 canmatrix==1.3.3

cat >named.dbc <<'DBC'
VERSION ""
NS_ :
BS_:
BU_: Module
BO_ 768 Report: 2 Module
 SG_ Current : 0|16@1+ (1,0) [0|500] "A" Vector__XXX
BO_ 3221225472 VECTOR__INDEPENDENT_SIG_MSG: 0 Vector__XXX
 SG_ Spare : 0|1@1+ (1,0) [0|1] "" Vector__XXX
VAL_ 3221225472 Spare 1 "on" 0 "off" ;
DBC
grep -v '^VAL_' named.dbc >nameless.dbc

cat >read.py <<'PY'
import canmatrix.formats
import cantools

for name in ("named.dbc", "nameless.dbc"):
    for strict in (True, False):
        try:
            found = [each.name for each in cantools.database.load_file(name, strict=strict).messages]
        except cantools.database.UnsupportedDatabaseFormatError:
            found = "UnsupportedDatabaseFormatError"
        print(f"cantools, strict={strict}, {name}: {found}")
    (matrix,) = canmatrix.formats.loadp(name).values()
    print(f"canmatrix, {name}: {[each.name for each in matrix.frames]}")
PY
venv/bin/python read.py 2>/dev/null | tee seen.txt
diff seen.txt - <<'SEEN' && echo "so it is"
cantools, strict=True, named.dbc: UnsupportedDatabaseFormatError
cantools, strict=False, named.dbc: UnsupportedDatabaseFormatError
canmatrix, named.dbc: ['Report', 'VECTOR__INDEPENDENT_SIG_MSG']
cantools, strict=True, nameless.dbc: ['Report']
cantools, strict=False, nameless.dbc: ['Report']
canmatrix, nameless.dbc: ['Report', 'VECTOR__INDEPENDENT_SIG_MSG']
SEEN
