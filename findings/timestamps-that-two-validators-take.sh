#!/usr/bin/env bash
# Timestamps in a StopTransaction of OCPP 1.6, whose schemas say "format": "date-time".
#
# One would guess: a library that validates payloads against the schemas checks the format too.
# Seen with PyPI ocpp 2.1.0: any string is a timestamp, 30 February and a mere word included (the
# format is an annotation for its validator), so whoever reads it later meets the error.
# Seen with npm ocpp-rpc 2.2.1, strict mode: the format is checked, and is RFC 3339 but that the
# zone may be missing or lack its colon; midnight as 24:00:00, a fraction after a comma and a date
# alone, which ISO 8601 knows as well, are refused.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ocpp==2.1.0
npm install --silent --no-audit --no-fund --prefix . ocpp-rpc@2.2.1

cat >times.txt <<'TIMES'
2026-01-01T00:00:00Z
2026-01-01T00:00:00z
2026-01-01T00:00:00
2026-01-01T00:00:00+0100
2016-12-31T23:59:60Z
2026-01-01T24:00:00Z
2026-01-01T00:00:00,5Z
2026-01-01
2026-02-30T00:00:00Z
noon
TIMES
cat >stop.py <<'PY'
import asyncio
from ocpp.exceptions import OCPPError
from ocpp.messages import Call, validate_payload

for time in open("times.txt").read().split():
    payload = {"transactionId": 1, "meterStop": 12, "timestamp": time}
    try:
        asyncio.run(validate_payload(Call("1", "StopTransaction", payload), "1.6"))
        print("ocpp", time, "taken")
    except OCPPError as error:
        print("ocpp", time, "refused")
PY
cat >stop.js <<'JS'
const { createValidator } = require('./node_modules/ocpp-rpc/lib/validator.js');
const strict = createValidator('ocpp1.6', require('./node_modules/ocpp-rpc/lib/schemas/ocpp1_6.json'));
for (const time of require('fs').readFileSync('times.txt', 'utf8').trim().split('\n')) {
  let told = 'taken';
  try { strict.validate('urn:StopTransaction.req', { transactionId: 1, meterStop: 12, timestamp: time }); }
  catch { told = 'refused'; }
  console.log('ocpp-rpc', time, told);
}
JS
{ venv/bin/python stop.py; node stop.js; } | tee seen.txt
diff seen.txt - <<'SEEN' && echo "so it is"
ocpp 2026-01-01T00:00:00Z taken
ocpp 2026-01-01T00:00:00z taken
ocpp 2026-01-01T00:00:00 taken
ocpp 2026-01-01T00:00:00+0100 taken
ocpp 2016-12-31T23:59:60Z taken
ocpp 2026-01-01T24:00:00Z taken
ocpp 2026-01-01T00:00:00,5Z taken
ocpp 2026-01-01 taken
ocpp 2026-02-30T00:00:00Z taken
ocpp noon taken
ocpp-rpc 2026-01-01T00:00:00Z taken
ocpp-rpc 2026-01-01T00:00:00z taken
ocpp-rpc 2026-01-01T00:00:00 taken
ocpp-rpc 2026-01-01T00:00:00+0100 taken
ocpp-rpc 2016-12-31T23:59:60Z taken
ocpp-rpc 2026-01-01T24:00:00Z refused
ocpp-rpc 2026-01-01T00:00:00,5Z refused
ocpp-rpc 2026-01-01 refused
ocpp-rpc 2026-02-30T00:00:00Z refused
ocpp-rpc noon refused
SEEN
