// A strict charge point by ocpp-rpc: node station.js ENDPOINT IDENTITY
'use strict';
const { RPCClient } = require('ocpp-rpc');
const { attend, obey, report } = require('./remote_control');

const [endpoint, identity] = process.argv.slice(2);
const accepted = { status: 'Accepted' };

const client = new RPCClient({
  endpoint, identity, protocols: ['ocpp1.6'], strictMode: true, reconnect: false,
});

attend(client, 'charge_point', 'central_system', {
  ChangeAvailability: accepted,
  ChangeConfiguration: accepted,
  ClearChargingProfile: accepted,
  RemoteStartTransaction: accepted,
  RemoteStopTransaction: accepted,
  Reset: accepted,
  SetChargingProfile: accepted,
  TriggerMessage: accepted,
  GetConfiguration: ({ key }) => ({
    configurationKey: [{ key: 'HeartbeatInterval', readonly: false, value: '10' }],
    unknownKey: key.filter((name) => name !== 'HeartbeatInterval'),
  }),
});
client.on('close', ({ code }) => report({ event: 'closed', code }));
obey(() => client);

client.connect().then(() => report({ event: 'ready', protocol: client.protocol }));
