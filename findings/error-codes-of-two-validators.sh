#!/usr/bin/env bash
# Which errorCode a payload earns that breaks its schema.  OCPP-J 1.6 table 7 has a code for each
# kind of fault: a value that a field does not take is PropertyConstraintViolation, a field that is
# missing OccurenceConstraintViolation, a wrong type TypeConstraintViolation, a field that is not
# in the message FormationViolation.
#
# One would guess: two libraries with the same schemas and the same table send the same codes.
# Seen with PyPI ocpp 2.1.0 and npm ocpp-rpc 2.2.1 (strict mode): they agree on two of five, and on
# those with the table on one; "FormatViolation", which both send on 1.6, is a code of OCPP 2.0.1.
# A peer that acts on codes, or a test that expects one, works with one of the libraries only.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ocpp==2.1.0
npm install --silent --no-audit --no-fund --prefix . ocpp-rpc@2.2.1

cat >faults.json <<'FAULTS'
{"missing field": {"transactionId": 1, "timestamp": "2026-01-01T00:00:00Z"},
 "text too long": {"transactionId": 1, "meterStop": 1, "timestamp": "2026-01-01T00:00:00Z", "idTag": "AAAAAAAAAAAAAAAAAAAAA"},
 "unknown value": {"transactionId": 1, "meterStop": 1, "timestamp": "2026-01-01T00:00:00Z", "reason": "Unplugged"},
 "unknown field": {"transactionId": 1, "meterStop": 1, "timestamp": "2026-01-01T00:00:00Z", "connectorId": 1},
 "wrong type": {"transactionId": 1, "meterStop": "1", "timestamp": "2026-01-01T00:00:00Z"}}
FAULTS
cat >codes.py <<'PY'
import asyncio, json
from ocpp.exceptions import OCPPError
from ocpp.messages import Call, validate_payload

for fault, payload in json.load(open("faults.json")).items():
    try:
        asyncio.run(validate_payload(Call("1", "StopTransaction", payload), "1.6"))
        print("ocpp", fault, "taken")
    except OCPPError as error:
        print(f"ocpp, {fault}: {error.code}")
PY
cat >codes.js <<'JS'
const { createValidator } = require('./node_modules/ocpp-rpc/lib/validator.js');
const strict = createValidator('ocpp1.6', require('./node_modules/ocpp-rpc/lib/schemas/ocpp1_6.json'));
for (const [fault, payload] of Object.entries(require('./faults.json'))) {
  let code = 'taken';
  try { strict.validate('urn:StopTransaction.req', payload); } catch (error) { code = error.rpcErrorCode; }
  console.log(`ocpp-rpc, ${fault}: ${code}`);
}
JS
{ venv/bin/python codes.py; node codes.js; } | tee seen.txt
diff seen.txt - <<'SEEN' && echo "so it is"
ocpp, missing field: ProtocolError
ocpp, text too long: TypeConstraintViolation
ocpp, unknown value: FormatViolation
ocpp, unknown field: FormatViolation
ocpp, wrong type: TypeConstraintViolation
ocpp-rpc, missing field: OccurenceConstraintViolation
ocpp-rpc, text too long: FormatViolation
ocpp-rpc, unknown value: FormatViolation
ocpp-rpc, unknown field: PropertyConstraintViolation
ocpp-rpc, wrong type: TypeConstraintViolation
SEEN
