import { once } from 'node:events';

import { WebSocket } from 'ws';

import { APP_KEY } from '../../support/create-test-app.ts';

/** An event of the server, of which a test reads what it wants. */
type SocketEvent = Record<string, unknown> & {
  type: string;
  response?: Record<string, unknown> & { id: string };
  error?: Record<string, unknown>;
};

const LAST: ReadonlySet<string> = new Set([
  'response.completed',
  'response.incomplete',
  'response.failed',
  'error',
]);

/** A client on the WebSocket of a server. */
export async function openSocket(url: string, key = APP_KEY) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/responses`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const events: SocketEvent[] = [];
  let heard = Promise.withResolvers<void>();
  const wake = () => {
    heard.resolve();
    heard = Promise.withResolvers();
  };
  socket.on('message', (data) => {
    events.push(JSON.parse((data as Buffer).toString())); // of a text message
    wake();
  });
  const closed = once(socket, 'close') as Promise<[code: number]>;
  void closed.then(wake, () => {});
  await once(socket, 'open');

  const next = async () => {
    while (events.length === 0) await heard.promise;
    return events.shift() as SocketEvent; // the loop saw to it
  };
  /** The events of one turn, the last included. */
  const turn = async () => {
    const all = [await next()];
    while (!LAST.has(all.at(-1)?.type ?? '')) all.push(await next());
    return all;
  };
  const say = (event: object | string) =>
    socket.send(typeof event === 'string' ? event : JSON.stringify(event));
  const ask = async (body: object) => {
    say({ type: 'response.create', model: 'sonnet', ...body });
    const last = (await turn()).at(-1);
    return last ?? { type: 'nothing' };
  };
  return { socket, say, next, turn, ask, closed };
}
