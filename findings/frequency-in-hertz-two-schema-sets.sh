#!/usr/bin/env bash
# A meter reading of the mains frequency in "Hertz": OCPP 1.6 edition 2 says in section 7.31
# (Measurand) that this is its unit, and does not list it in UnitOfMeasure.
#
# One would guess: a schema set either knows the unit or it does not.
# Seen with PyPI ocpp 2.1.0: MeterValues takes it, StopTransaction refuses the same reading in its
# transactionData (the two schema files list the units apart, and only one was brought up to date).
# Seen with npm ocpp-rpc 2.2.1, strict mode: both refuse it.
# So a station that reports Frequency to a central system of either library loses its StopTransaction.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check ocpp==2.1.0
npm install --silent --no-audit --no-fund --prefix . ocpp-rpc@2.2.1

cat >reading.py <<'PY'
import asyncio
from ocpp.exceptions import OCPPError
from ocpp.messages import Call, validate_payload

NOW = "2026-01-01T00:00:00Z"
READING = [{"timestamp": NOW, "sampledValue": [{"value": "50", "measurand": "Frequency", "unit": "Hertz"}]}]

def told(action, payload):
    try:
        asyncio.run(validate_payload(Call("1", action, payload), "1.6"))
    except OCPPError as error:
        return error.code
    return "taken"

print("ocpp MeterValues:", told("MeterValues", {"connectorId": 1, "meterValue": READING}))
print("ocpp StopTransaction:", told("StopTransaction", {
    "transactionId": 1, "meterStop": 12, "timestamp": NOW, "transactionData": READING}))
PY
cat >reading.js <<'JS'
const { createValidator } = require('./node_modules/ocpp-rpc/lib/validator.js');
const strict = createValidator('ocpp1.6', require('./node_modules/ocpp-rpc/lib/schemas/ocpp1_6.json'));
const now = '2026-01-01T00:00:00Z';
const reading = [{ timestamp: now, sampledValue: [{ value: '50', measurand: 'Frequency', unit: 'Hertz' }] }];
const told = (action, payload) => {
  try { strict.validate(`urn:${action}.req`, payload); return 'taken'; } catch (error) { return error.rpcErrorCode; }
};
console.log('ocpp-rpc MeterValues:', told('MeterValues', { connectorId: 1, meterValue: reading }));
console.log('ocpp-rpc StopTransaction:', told('StopTransaction',
  { transactionId: 1, meterStop: 12, timestamp: now, transactionData: reading }));
JS
{ venv/bin/python reading.py; node reading.js; } | tee seen.txt
diff seen.txt - <<'SEEN' && echo "so it is"
ocpp MeterValues: taken
ocpp StopTransaction: FormatViolation
ocpp-rpc MeterValues: FormatViolation
ocpp-rpc StopTransaction: FormatViolation
SEEN
