import { connect } from 'node:net';

import { WebSocket } from 'ws';

/**
 * Holds connections open in a process of its own: `node idle-connections.ts KIND COUNT PORT KEY`. Writes how many
 * are open, ends with its stdin.
 */
const [, , kind = 'silent', count = '0', port = '0', key = ''] = process.argv;

const HEALTH = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n';

let open = 0;
let refused = 0;

/** Opened so many at a time: the system lets few wait. */
const AT_ONCE = 100;

function openOne(): Promise<void> {
  const done = Promise.withResolvers<void>();
  if (kind === 'web-socket') {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/responses`, {
      headers: { authorization: `Bearer ${key}` },
    });
    socket.on('open', () => done.resolve());
    socket.on('error', () => done.reject(new Error('refused')));
    return done.promise;
  }
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => done.reject(new Error('refused')));
  socket.on('close', () => done.reject(new Error('closed')));
  if (kind === 'silent') socket.on('connect', () => done.resolve());
  else {
    socket.write(HEALTH);
    socket.once('data', () => done.resolve());
  }
  return done.promise;
}

for (let begun = 0; begun < Number(count); begun += AT_ONCE) {
  const opened = await Promise.allSettled(Array.from({ length: AT_ONCE }, openOne));
  open += opened.filter(({ status }) => status === 'fulfilled').length;
  refused += opened.filter(({ status }) => status === 'rejected').length;
}
console.log(JSON.stringify({ open, refused }));
process.stdin.resume().on('end', () => process.exit(0));
