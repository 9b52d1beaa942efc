// A strict charge point by ocpp-rpc: node station.js ENDPOINT IDENTITY
'use strict';
const { RPCClient } = require('ocpp-rpc');
const { attend, obey, report } = require('./remote_control');

const [endpoint, identity] = process.argv.slice(2);
const accepted = { status: 'Accepted' };
let listVersion = 0;

const client = new RPCClient({
  endpoint, identity, protocols: ['ocpp1.6'], strictMode: true, reconnect: false,
});

attend(client, 'charge_point', 'central_system', {
  CancelReservation: accepted,
  ChangeAvailability: accepted,
  ChangeConfiguration: accepted,
  ClearCache: accepted,
  ClearChargingProfile: accepted,
  DataTransfer: ({ data }) => ({ ...accepted, data }),
  GetCompositeSchedule: ({ connectorId, duration }) => ({
    ...accepted,
    connectorId,
    scheduleStart: new Date().toISOString(),
    chargingSchedule: {
      duration,
      chargingRateUnit: 'A',
      chargingSchedulePeriod: [{ startPeriod: 0, limit: 16.1 }],
    },
  }),
  GetConfiguration: ({ key }) => ({
    configurationKey: [{ key: 'HeartbeatInterval', readonly: false, value: '10' }],
    unknownKey: key.filter((name) => name !== 'HeartbeatInterval'),
  }),
  GetDiagnostics: { fileName: 'log.txt' },
  GetLocalListVersion: () => ({ listVersion }),
  RemoteStartTransaction: accepted,
  RemoteStopTransaction: accepted,
  ReserveNow: accepted,
  Reset: accepted,
  SendLocalList: (list) => {
    listVersion = list.listVersion;
    return accepted;
  },
  SetChargingProfile: accepted,
  TriggerMessage: accepted,
  UnlockConnector: { status: 'Unlocked' },
  UpdateFirmware: {},
});
client.on('close', ({ code }) => report({ event: 'closed', code }));
obey(() => client);

client.connect().then(() => report({ event: 'ready', protocol: client.protocol }));
