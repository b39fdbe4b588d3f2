import { setTimeout as delay } from 'node:timers/promises';

import { DIALECT_NAMES, say } from '../../tests/faults/dialects.ts';
import type { Product } from '../../tests/faults/start-product.ts';
import type { KeyRules } from '../../src/keys/api-key.ts';
import { sayHostileWords, sendBadBodies, sendHostileBodies, sendPatterns } from './hostile.ts';
import { KILLED, type Outcome } from './ledger.ts';
import { readOutcome, toLoss } from './read-outcome.ts';
import { cancel, loseSocket, rotateKey, talkOverSocket } from './stay.ts';

type Send = Product['send'];

export type Caller = { send: Send; key: string };

/** Whoever asks: with the owner's key, one of the caller's own, or one that all greedy callers share. */
export type Asker = {
  url: string;
  owner: { send: Send };
  own: Caller;
  greedy: Caller;
  /** With a key that somebody was given. */
  withKey: (key: string) => Caller;
  /** A key for chats and agents unless it is said otherwise. Throws when there is none. */
  makeKey: (rules?: Partial<KeyRules>) => Promise<{ id: string; holder: Caller }>;
  /** The next mark, `#17#`. */
  mark: () => string;
};

/** Something that callers do; what may come of it, `its CLI was killed` aside. */
export type Kind = { ask: (asker: Asker) => Promise<Outcome>[]; allows: RegExp };

/** Seconds of this program's own, by which the programs that agents leave behind are known. */
export const LEFT_SECONDS = `3000.${process.pid}`;

const GREEDY_BURST = 16;
const BATCH_SIZE = 4;
const POLL_MS = 250;

const TOOLS = [{ name: 'look', input_schema: { type: 'object', properties: {} } }];

const ANSWERED = /^answered$/;

/** What callers meet at the full state disk. */
export const FULL_DISK = {
  name: 'a full state disk',
  allows: /^(?:answered|the limit held|refused|had room still|stored again)$/,
};

/** What callers do, in turn. */
export const KINDS: Readonly<Record<string, Kind>> = {
  ...Object.fromEntries(DIALECT_NAMES.flatMap((name) => [sayIn(name, false), sayIn(name, true)])),
  'a long answer': {
    ask: ({ own }) => [
      readOutcome(say(own, 'messages', 'demo:long=500', { stream: true }), 'word500'),
    ],
    allows: ANSWERED,
  },
  'a tool loop': { ask: (asker) => [callTool(asker)], allows: ANSWERED },
  'a run in the background': { ask: (asker) => [runInBackground(asker)], allows: /^done$/ },
  'a response in the background': {
    ask: (asker) => [respondInBackground(asker)],
    allows: /^completed$/,
  },
  'an agent that leaves a program': { ask: leaveProgram, allows: ANSWERED },
  'a batch': { ask: (asker) => [sendBatch(asker)], allows: /^done$/ },
  'one that is cancelled': { ask: cancel, allows: /^cancelled$/ },
  'a WebSocket': { ask: (asker) => [talkOverSocket(asker)], allows: ANSWERED },
  'a WebSocket of a revoked key': {
    ask: (asker) => [loseSocket(asker)],
    allows: /^closed with 1008$/,
  },
  'a bad body': { ask: sendBadBodies, allows: /^4(?:00|13)$/ },
  'a hostile body': { ask: sendHostileBodies, allows: /^4(?:00|13)$/ },
  'hostile words': { ask: sayHostileWords, allows: ANSWERED },
  'regular expressions': { ask: sendPatterns, allows: /^(?:answered|does not fit|400|429|503)$/ },
  'who leaves in the middle': {
    ask: ({ own }) => [leaveInTheMiddle(say(own, 'messages', 'demo:slow=50', { stream: true }))],
    allows: /^left$/,
  },
  'who leaves early': { ask: leaveEarly, allows: /^left$/ },
  // A stream that waited for 20 s has begun already (routes/open-run.ts).
  'a greedy key': { ask: askGreedily, allows: /^(?:answered|429|failed in words)$/ },
  'a revoked key': { ask: (asker) => [useRevoked(asker)], allows: /^refused$/ },
  'a rotated key': { ask: (asker) => [rotateKey(asker)], allows: /^rotated$/ },
  'upstream 429': failUpstream('demo:error=429', /^(?:429|failed in words)$/),
  'upstream 529': failUpstream('demo:error=529', /^(?:5\d\d|failed in words)$/),
  'upstream cut': failUpstream('demo:cut', /^(?:5\d\d|failed in words)$/),
};

function sayIn(name: (typeof DIALECT_NAMES)[number], stream: boolean): [string, Kind] {
  const ask = ({ own, mark }: Asker) => {
    const text = mark();
    return [readOutcome(say(own, name, `Say ${text}.`, { stream }), text)];
  };
  return [`${name}${stream ? ', streamed' : ''}`, { ask, allows: ANSWERED }];
}

function failUpstream(directive: string, allows: RegExp): Kind {
  return {
    ask: ({ own }) => [
      readOutcome(say(own, 'chat completions', directive), 'nothing'),
      readOutcome(say(own, 'messages', directive, { stream: true }), 'nothing'),
    ],
    allows,
  };
}

async function callTool({ own, mark }: Asker): Promise<Outcome> {
  const question = { role: 'user', content: `demo:tool=look ${mark()}` };
  const body = { model: 'sonnet', max_tokens: 100, tools: TOOLS };
  const called = await own.send('/v1/messages', { ...body, messages: [question] });
  const { content = [] } = (await called.json()) as { content?: { type: string; id: string }[] }; // the Messages API
  const calls = content.filter(({ type }) => type === 'tool_use');
  if (calls.length === 0) return called.status === 503 ? KILLED : String(called.status);
  const text = mark();
  const results = calls.map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: text }));
  const reply = [question, { role: 'assistant', content }, { role: 'user', content: results }];
  return readOutcome(own.send('/v1/messages', { ...body, messages: reply }), text);
}

async function runInBackground({ own, mark }: Asker): Promise<Outcome> {
  const text = mark();
  const body = { model: 'sonnet', prompt: `Say ${text}.`, background: true };
  const { id } = (await (await own.send('/api/run', body)).json()) as { id: string }; // our own route
  await (await own.send(`/api/runs/${id}/events`)).text(); // to their end
  const run = await (await own.send(`/api/runs/${id}`)).json();
  const { state, answer, error } = run as { state: string; answer: unknown; error: unknown }; // our own route
  if (state === 'failed')
    return toLoss(JSON.stringify(error)) ?? `failed (${JSON.stringify(error)})`;
  return state === 'done' && !JSON.stringify(answer).includes(text) ? 'lost (other words)' : state;
}

async function respondInBackground({ own, mark }: Asker): Promise<Outcome> {
  const text = mark();
  const body = { model: 'sonnet', input: `Say ${text}.`, background: true };
  const made = await own.send('/v1/responses', body);
  const { id } = (await made.json()) as { id: string }; // the Responses API
  for (;;) {
    const read = await (await own.send(`/v1/responses/${id}`)).text();
    const { status } = JSON.parse(read) as { status: string };
    if (status === 'completed') return read.includes(text) ? status : 'lost (other words)';
    if (!/^(?:queued|in_progress)$/.test(status)) return toLoss(read) ?? `${status} (${read})`;
    await delay(POLL_MS);
  }
}

function leaveProgram({ own, mark }: Asker) {
  const text = mark();
  const command = `nohup sleep ${LEFT_SECONDS} >/dev/null 2>&1 & echo '${text}'`;
  const body = { model: 'sonnet', prompt: `demo:bash=${command}`, allowedTools: ['Bash'] };
  return [readOutcome(own.send('/api/run', body), text)];
}

async function sendBatch({ own, mark }: Asker): Promise<Outcome> {
  const marks = Array.from({ length: BATCH_SIZE }, mark);
  const requests = marks.map((text, index) => ({
    custom_id: `item-${index}`,
    params: {
      model: 'sonnet',
      max_tokens: 100,
      messages: [{ role: 'user', content: `Say ${text}.` }],
    },
  }));
  const made = await own.send('/v1/messages/batches', { requests });
  const { id } = (await made.json()) as { id: string }; // a batch
  const path = `/v1/messages/batches/${id}`;
  for (;;) {
    const batch = (await (await own.send(path)).json()) as { processing_status: string };
    if (batch.processing_status === 'ended') break;
    await delay(POLL_MS);
  }
  const lines = (await (await own.send(`${path}/results`)).text()).trimEnd().split('\n');
  const isWhole =
    lines.length === BATCH_SIZE &&
    marks.every((text, index) =>
      lines.some((line) => line.includes(`"item-${index}"`) && line.includes(text)),
    );
  if (isWhole) return 'done';
  return lines.some((line) => line.includes('"errored"')) ? KILLED : 'lost or doubled';
}

async function leaveInTheMiddle(asked: Promise<Response>): Promise<Outcome> {
  const reader = (await asked).body?.getReader();
  await reader?.read();
  await reader?.cancel();
  return 'left';
}

function leaveEarly({ own, mark }: Asker) {
  return [0, 20, 200].map(async (waitMs): Promise<Outcome> => {
    const signal = AbortSignal.timeout(waitMs);
    const body = { model: 'sonnet', input: `demo:slow=50 ${mark()}` };
    await own
      .send('/v1/responses', body, { signal })
      .then((response) => response.text())
      .catch(() => undefined);
    return 'left';
  });
}

function askGreedily({ greedy, mark }: Asker) {
  return Array.from({ length: GREEDY_BURST }, () => {
    const text = mark();
    return readOutcome(say(greedy, 'messages', `demo:slow=10 ${text}`, { stream: true }), text);
  });
}

/** Made, used, revoked, and used by several at once. */
async function useRevoked({ owner, makeKey, mark }: Asker): Promise<Outcome> {
  const { id, holder } = await makeKey();
  const text = mark();
  const before = await readOutcome(say(holder, 'chat completions', `Say ${text}.`), text);
  if (before !== 'answered') return before;
  await owner.send(`/api/admin/keys/${id}`, undefined, { method: 'DELETE' });
  const after = await Promise.all(
    Array.from({ length: 8 }, () => readOutcome(say(holder, 'messages', 'Hello.'), 'You said')),
  );
  // Twenty wrong keys of an address wait for their 401 at most; one more is a 429 (http/slow-guesses.ts).
  return after.every((outcome) => /^4(?:01|29)$/.test(outcome)) ? 'refused' : after.join(', ');
}
