// What both foreign peers share: orders come in as JSON lines on stdin, and what happens goes
// out as JSON lines on stdout, so that the test can be the script and this the instrument.
'use strict';
const readline = require('node:readline');
const { createRPCError } = require('ocpp-rpc');

function report(what) {
  process.stdout.write(JSON.stringify(what) + '\n');
}

// Report every finished exchange and every breach that strict mode finds, and answer calls
// from `answers`: action -> payload, or a function from the call's payload to one.
function attend(client, self, other, answers) {
  client.on('callResult', ({ outbound, method, params, result }) =>
    report({ event: 'exchange', by: outbound ? self : other, action: method, payload: params, answer: result }));
  client.on('callError', ({ outbound, method, params, error }) =>
    report({ event: 'error', by: outbound ? self : other, action: method, payload: params, text: String(error) }));
  client.on('strictValidationFailure', ({ outbound, method, error }) =>
    report({ event: 'violation', by: outbound ? self : other, action: method, text: String(error) }));
  client.on('badMessage', ({ buffer, error }) =>
    report({ event: 'violation', by: other, action: '', text: `${error}: ${buffer}` }));
  client.handle(({ method, params }) => {
    if (!(method in answers)) throw createRPCError('NotImplemented');
    const answer = answers[method];
    return typeof answer === 'function' ? answer(params) : answer;
  });
}

// Make the calls that stdin asks for on whatever client `current` returns; end with stdin.
function obey(current) {
  const orders = readline.createInterface({ input: process.stdin });
  orders.on('line', async (line) => {
    const { order, action, payload } = JSON.parse(line);
    try {
      report({ event: 'answered', order, answer: await current().call(action, payload) });
    } catch (error) {
      report({ event: 'refused', order, text: String(error) });
    }
  });
  orders.on('close', () => process.exit(0));
}

module.exports = { attend, obey, report };
