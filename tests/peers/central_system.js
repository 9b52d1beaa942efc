// A strict central system by ocpp-rpc on a free port of loopback: node central_system.js
'use strict';
const { RPCServer } = require('ocpp-rpc');
const { attend, obey, report } = require('./remote_control');

const HEARTBEAT_S = 1; // short, so that a test sees heartbeats
const idTagInfo = { status: 'Accepted' };
const now = () => new Date().toISOString();

let transactionId = 40;
let newest = null;

const server = new RPCServer({ protocols: ['ocpp1.6'], strictMode: true });
server.on('client', (client) => {
  newest = client;
  attend(client, 'central_system', 'charge_point', {
    Authorize: { idTagInfo },
    BootNotification: () => ({ status: 'Accepted', currentTime: now(), interval: HEARTBEAT_S }),
    DataTransfer: { status: 'UnknownVendorId' },
    DiagnosticsStatusNotification: {},
    FirmwareStatusNotification: {},
    Heartbeat: () => ({ currentTime: now() }),
    MeterValues: {},
    StartTransaction: () => ({ transactionId: ++transactionId, idTagInfo }),
    StatusNotification: {},
    StopTransaction: ({ idTag }) => (idTag ? { idTagInfo } : {}),
  });
  client.on('close', ({ code }) => report({ event: 'closed', code }));
  report({ event: 'connected', identity: client.identity });
});
obey(() => newest);

server.listen(0, '127.0.0.1').then((http) =>
  report({ event: 'ready', port: http.address().port }));
