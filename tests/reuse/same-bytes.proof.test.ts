import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { addKey } from '../../src/keys/edit-keys.ts';
import { toKeysFile } from '../../src/keys/keys-file.ts';
import { readSse } from '../support/read-sse.ts';
import { KEY, ONE_EACH, type Proxy, startProxy, WITH_SPARES } from '../support/start-proxy.ts';
import { type Kind, KINDS, readNames } from './kinds.ts';

const SETTINGS = {
  ...WITH_SPARES,
  CLAUDE_MAX_RETRIES: '0',
  WORKER_CONCURRENCY: '3',
  // Fewer would make room for each other, and each of them be used less.
  MAX_PROCESSES: '20',
};

/** One process for each request, started for it. */
const FRESH = { ...SETTINGS, ...ONE_EACH };

const REQUESTS = 200;
/** Requests under way at the same time. */
const PARALLEL = 3;

let fresh: Map<string, Set<string>>;
let proxy: Proxy;
/** The owner's, and one from the keys file. */
let keys: string[];
beforeAll(async () => {
  const reference = await startProxy({ settings: FRESH });
  try {
    await sendAll(reference, [...KINDS], [KEY]);
    fresh = toBodies(reference);
  } finally {
    await reference.stop();
  }
  proxy = await startProxy({ settings: SETTINGS });
  const file = toKeysFile(join(proxy.folder, 'state'));
  const one = await addKey(file, 'one', { scopes: ['chat'] });
  keys = [KEY, one.key];
}, 300_000);
afterAll(() => proxy.stop());

test('each kind of request reaches the model from a fresh process', () => {
  expect([...fresh.keys()].toSorted()).toEqual(KINDS.map(({ name }) => name).toSorted());
});

test('200 requests of two keys in random order reach it with the same bytes from used processes', async () => {
  await sendAll(proxy, toShuffled(REQUESTS), keys);

  const used = toBodies(proxy);
  for (const [name, bodies] of used) {
    const own = [...bodies].filter(isOwnCall);
    expect([...(fresh.get(name) ?? []), ...own]).toEqual(expect.arrayContaining([...bodies]));
    // Nothing of another request, in the CLI's own calls neither.
    for (const body of bodies) expect(new Set(readNames(body))).toEqual(new Set([name]));
  }
  expect([...used.keys()].toSorted()).toEqual([...fresh.keys()].toSorted());
}, 300_000);

/** What nothing keeps from a used process: neither left, nor broken, nor cut. */
test.each(['plain', 'instructed', 'cool', 'long', 'schema', 'unused'])(
  'with nothing else going on, one of the kind "%s" by a process that had served before',
  async (name) => {
    const kind = KINDS.find((one) => one.name === name) as Kind; // a name of theirs
    await sendAll(proxy, [kind], [KEY]);
    await untilIdle();
    const known = new Set(toCallersBySession().keys());
    await sendAll(proxy, [kind], [KEY]);

    expect(new Set(toCallersBySession().keys())).toEqual(known);
  },
);

/** Asks until no process is at work: nothing else tells that one is back where it began. */
async function untilIdle() {
  const isIdle = /^claude_proxy_processes\{state="running"\} 0$/m;
  while (!isIdle.test(await (await fetch(`${proxy.url}/metrics`)).text()));
}

test('and none by a process that had served another key', () => {
  for (const callers of toCallersBySession().values()) expect(callers.size).toBe(1);
  expect(new Set([...toCallersBySession().values()].flatMap((callers) => [...callers]))).toEqual(
    new Set(['0', '1']),
  );
});

/** Which keys' requests came from which process: each has a session of its own. */
function toCallersBySession() {
  const bySession = new Map<string, Set<string>>();
  for (const { body } of proxy.model.requests) {
    const text = JSON.stringify(body);
    const session = /session_id\\":\\"([\w-]+)/.exec(text)?.[1];
    if (session === undefined) continue; // the caller's own metadata stand in its place
    const callers = [...text.matchAll(FROM)].map(([, caller]) => String(caller));
    bySession.set(session, new Set([...(bySession.get(session) ?? []), ...callers]));
  }
  return bySession;
}

/** Each request bears one of the keys in turn, and says which. */
async function sendAll(to: Proxy, kinds: Kind[], as: readonly string[]): Promise<void> {
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (let kind = kinds.pop(); kind; kind = kinds.pop()) {
        const caller = kinds.length % as.length;
        await send(to, toSigned(kind, caller), as[caller]);
      }
    }),
  );
}

function toSigned({ body, ...kind }: Kind, caller: number): Kind {
  const signed = JSON.stringify(body).replaceAll(
    /\(kind .+?\)/g,
    `$& ${FAR_BEHIND} (from ${caller})`,
  );
  return { ...kind, body: JSON.parse(signed) as Kind['body'] };
}

async function send(to: Proxy, kind: Kind, key = KEY): Promise<void> {
  const leaving = new AbortController();
  const arrived = to.model.requests.length;
  const answer = to.send(kind.path, kind.body, {
    signal: leaving.signal,
    headers: { authorization: `Bearer ${key}` },
  });
  if (kind.isLeft) {
    await to.model.waitForRequest(
      (request) =>
        to.model.requests.indexOf(request) >= arrived &&
        readNames(request.body).includes(kind.name),
    );
    leaving.abort();
    await answer.catch(() => undefined);
    return;
  }
  const messages = await Array.fromAsync(readSse(await answer));
  if (kind.toolResult === undefined) return;
  const call = /"type":"tool_use","id":"(.+?)"/.exec(messages.map(({ data }) => data).join());
  await send(to, toFollowUp(kind, String(call?.[1]), kind.toolResult), key);
}

function toFollowUp({ name, path, ...kind }: Kind, id: string, content: string): Kind {
  const calls = [{ type: 'tool_use', id, name: 'weather', input: { city: 'Paris' } }];
  return {
    name,
    path,
    body: {
      ...kind.body,
      messages: [
        ...(kind.body['messages'] as object[]),
        { role: 'assistant', content: calls },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content }] },
      ],
    },
  };
}

/** The CLI's billing header holds a hash of a few characters near the beginning of the conversation. */
const FAR_BEHIND = '-'.repeat(30);
const FROM = / -+ \(from (\d)\)/g;

/** What arrived, by kind, without ids and without who asked. */
function toBodies({ model }: Proxy): Map<string, Set<string>> {
  const byName = Map.groupBy(model.requests, ({ body }) => readNames(body)[0] ?? '');
  return new Map(
    [...byName].map(([name, requests]) => [
      name,
      new Set(requests.map(({ body }) => toText(body))),
    ]),
  );
}

/** The CLI goes on by itself after some answers; now and then it is stopped too late. */
function isOwnCall(body: string) {
  return /Your (previous )?response|Output token limit hit|\(kind (cut|short)\)".*"role":"assistant"/.test(
    body,
  );
}

function toText(body: object) {
  return JSON.stringify(body)
    .replaceAll(FROM, '')
    .replaceAll(/toolu_\w+/g, 'toolu')
    .replaceAll(/\\"(session|device)_id\\":\\"[\w-]+\\"/g, '')
    .replaceAll(/\/w-\w+\//g, '/w/');
}

/** Every kind as often as another, in an order that a seed decides: a failure can be seen again. */
function toShuffled(count: number): Kind[] {
  let seed = 42;
  const kinds = Array.from({ length: count }, (_, index) => KINDS[index % KINDS.length] as Kind); // within its length
  for (let index = count - 1; index > 0; index -= 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    const other = seed % (index + 1);
    [kinds[index], kinds[other]] = [kinds[other] as Kind, kinds[index] as Kind];
  }
  return kinds;
}
