import { once } from 'node:events';

import { WebSocket } from 'ws';

import { say } from '../../tests/faults/dialects.ts';
import type { Asker, Caller } from './kinds.ts';
import { KILLED, type Outcome } from './ledger.ts';
import { readOutcome, toLoss } from './read-outcome.ts';

/** What stays open, goes on by itself, or is ended from elsewhere. */

type Event = { type: string; status?: number; error?: { message: string } };

const TURNS = 2;

/** Two turns over one connection. */
export async function talkOverSocket({ url, own, mark }: Asker): Promise<Outcome> {
  const socket = await openSocket(url, own);
  try {
    for (let turn = 0; turn < TURNS; turn += 1) {
      const outcome = await takeTurn(socket, mark());
      if (outcome !== 'answered') return outcome;
    }
    return 'answered';
  } finally {
    socket.close();
  }
}

/** Nothing is said when the key is revoked. */
export async function loseSocket({ url, owner, makeKey }: Asker): Promise<Outcome> {
  const { id, holder } = await makeKey();
  const socket = await openSocket(url, holder);
  const closed = once(socket, 'close') as Promise<[code: number]>;
  await owner.send(`/api/admin/keys/${id}`, undefined, { method: 'DELETE' });
  return `closed with ${(await closed)[0]}`;
}

/** Rotated twice: with time for both texts, and without. */
export async function rotateKey(asker: Asker): Promise<Outcome> {
  const { owner, makeKey, withKey, mark } = asker;
  const { id, holder: first } = await makeKey();
  const rotate = async (overlapSeconds: number) => {
    const rotated = await owner.send(`/api/admin/keys/${id}/rotate`, { overlapSeconds });
    return withKey(((await rotated.json()) as { key: string }).key); // our own route
  };
  const ask = (caller: Caller) => {
    const text = mark();
    return readOutcome(say(caller, 'messages', `Say ${text}.`), text);
  };
  const second = await rotate(60);
  const both = await Promise.all([ask(first), ask(second)]);
  const third = await rotate(0);
  const old = await Promise.all([ask(first), ask(second)]);
  const last = await ask(third);
  await owner.send(`/api/admin/keys/${id}`, undefined, { method: 'DELETE' });
  if ([...both, last].includes(KILLED)) return KILLED;
  const isKept = [...both, last].every((outcome) => outcome === 'answered');
  const isEnded = old.every((outcome) => /^4(?:01|29)$/.test(outcome));
  return isKept && isEnded ? 'rotated' : [...both, ...old, last].join(', ');
}

/** One that goes on is cancelled; a run of an agent, and a response. */
export function cancel({ own, mark }: Asker): Promise<Outcome>[] {
  return [
    (async () => {
      const body = { model: 'sonnet', prompt: `demo:slow=100 ${mark()}`, background: true };
      const id = await readId(own.send('/api/run', body));
      const ended = await own.send(`/api/runs/${id}`, undefined, { method: 'DELETE' });
      return ((await ended.json()) as { state: string }).state; // our own route
    })(),
    (async () => {
      const body = { model: 'sonnet', input: `demo:slow=100 ${mark()}`, background: true };
      const id = await readId(own.send('/v1/responses', body));
      const ended = await own.send(`/v1/responses/${id}/cancel`, {});
      return ((await ended.json()) as { status: string }).status; // the API's response object
    })(),
  ];
}

async function readId(asked: Promise<Response>) {
  return ((await (await asked).json()) as { id: string }).id; // both APIs have one
}

async function openSocket(url: string, { key }: Caller): Promise<WebSocket> {
  const headers = { authorization: `Bearer ${key}` };
  const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/responses`, { headers });
  await once(socket, 'open');
  return socket;
}

async function takeTurn(socket: WebSocket, text: string): Promise<Outcome> {
  const events: string[] = [];
  const ended = Promise.withResolvers<Event>();
  const onMessage = (data: Buffer) => {
    events.push(String(data));
    const event = JSON.parse(String(data)) as Event; // the API's events
    if (/^(?:error|response\.(?:completed|incomplete|failed))$/.test(event.type)) {
      ended.resolve(event);
    }
  };
  socket.on('message', onMessage);
  socket.once('close', (code) => ended.resolve({ type: `closed with ${code}` }));
  socket.send(JSON.stringify({ type: 'response.create', model: 'sonnet', input: `Say ${text}.` }));
  const { type, status, error } = await ended.promise;
  socket.off('message', onMessage);
  if (type === 'response.completed') {
    return events.join('\n').includes(text) ? 'answered' : 'lost (other words)';
  }
  return toLoss(events.at(-1) ?? '') ?? `${status ?? type} ${error?.message ?? ''}`;
}
