#!/usr/bin/env bash
# The same StopTransaction, with its meterStop written 12 and 12.0: one number in JSON (RFC 8259
# section 6), and what a station writes whose firmware keeps energy as a float.
#
# One would guess: both ends that validate against the schemas of OCPP 1.6 say the same of it.
# Seen with PyPI ocpp 2.1.0: 12 is taken, 12.0 is refused with TypeConstraintViolation (its
# draft-04 validator takes "integer" for a property of the text, not of the value).
# Seen with npm ocpp-rpc 2.2.1, strict mode: both are taken, JavaScript cannot tell them apart.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ocpp==2.1.0
npm install --silent --no-audit --no-fund --prefix . ocpp-rpc@2.2.1

for number in 12 12.0; do
  echo "[2,\"1\",\"StopTransaction\",{\"transactionId\":1,\"meterStop\":$number,\"timestamp\":\"2026-01-01T00:00:00Z\"}]"
done >messages.txt
cat >stop.py <<'PY'
import asyncio
from ocpp.exceptions import OCPPError
from ocpp.messages import unpack, validate_payload

for text in open("messages.txt"):
    try:
        asyncio.run(validate_payload(unpack(text), "1.6"))
        print("ocpp: taken")
    except OCPPError as error:
        print("ocpp:", error.code)
PY
cat >stop.js <<'JS'
const { createValidator } = require('./node_modules/ocpp-rpc/lib/validator.js');
const strict = createValidator('ocpp1.6', require('./node_modules/ocpp-rpc/lib/schemas/ocpp1_6.json'));
for (const text of require('fs').readFileSync('messages.txt', 'utf8').trim().split('\n')) {
  try { strict.validate('urn:StopTransaction.req', JSON.parse(text)[3]); console.log('ocpp-rpc: taken'); }
  catch (error) { console.log('ocpp-rpc:', error.rpcErrorCode); }
}
JS
{ venv/bin/python stop.py; node stop.js; } | tee seen.txt
diff seen.txt - <<'SEEN' && echo "so it is"
ocpp: taken
ocpp: TypeConstraintViolation
ocpp-rpc: taken
ocpp-rpc: taken
SEEN
