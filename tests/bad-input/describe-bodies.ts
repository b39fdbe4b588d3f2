import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { createKeyStore } from '../../src/keys/key-store.ts';
import { toKeysFile } from '../../src/keys/keys-file.ts';
import type { CountTokens, Run } from '../../src/run.ts';
import { RunError } from '../../src/run-error.ts';
import type { CliProcess } from '../../src/claude/process/cli-process.ts';
import type { CliLine } from '../../src/claude/process/protocol.ts';
import { result } from '../claude/cli-lines.ts';
import { createStackedApp } from '../support/create-stacked-app.ts';
import { APP_KEY, createTestApp, sayHello, type TestApp } from '../support/create-test-app.ts';
import { answerCheckOf, OPERATIONS } from '../support/openapi-checks.ts';
import { anything, type Mutated, mutate, toArbitrary, toJson } from './arbitrary-bodies.ts';
import { findCounterexample } from './find-counterexample.ts';
import { readComplaint } from './read-complaint.ts';
import { RICH_BODIES } from './rich-bodies.ts';

const JSON_TYPE = 'application/json';
const CHAT = 'POST /v1/chat/completions';

/** Older names of fields, which are told of by the newer ones. */
const OLDER_NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'POST /api/show': { name: 'model' },
};

/** So that every run of the tests does the same. */
const SEED = 20_261_124;

let folder: string;
/** Runs, counts and processes that were begun for the request. */
let begun: number;
let app: TestApp;
let stacked: TestApp;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bad-input-'));
  const settings = { maxBodyBytes: 1_000_000 };
  const keyStore = createKeyStore(toKeysFile(folder));
  app = createTestApp({ run, countTokens, keyStore, settings });
  stacked = createStackedApp({ folder, startProcess, keyStore, settings });
  // The first run asks a process what the CLI can do, whatever is asked of it.
  await (await send(stacked, CHAT, toJson(RICH_BODIES[CHAT]))).text();
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(() => {
  begun = 0;
});

const run: Run = (request, signal) => {
  begun += 1;
  return sayHello(request, signal);
};

const countTokens: CountTokens = () => {
  begun += 1;
  return Promise.resolve(1);
};

/** A CLI that takes everything it is told, until it is asked for an answer: then there is a rate limit. */
function startProcess(): CliProcess {
  begun += 1;
  const said = Promise.withResolvers<void>();
  const exited = Promise.withResolvers<string>();
  let history = 0;
  return {
    pid: undefined,
    serve: () => undefined,
    reply: () => undefined,
    onResult: () => undefined,
    request: () => Promise.resolve({ totalTokens: 1, models: [] }),
    send(line) {
      JSON.stringify(line);
      if ('shouldQuery' in line) history += 1;
      else if ('type' in line && line.type === 'user') said.resolve();
    },
    async *lines(): AsyncIterable<CliLine> {
      for (let count = 0; ; count += 1) {
        if (count < history) yield result();
        else {
          await said.promise;
          throw new RunError('rate-limited', 'The limit of this test is reached.');
        }
      }
    },
    end: () => Promise.resolve(exited.resolve('it was told to')),
    exited: exited.promise,
  };
}

const WITH_BODY = [...OPERATIONS].flatMap(([name, { requestBody }]) => {
  const { schema } = requestBody?.content[JSON_TYPE] ?? {};
  return schema ? [{ name, schema }] : [];
});

test('every operation with a body is tried', () => {
  expect(Object.keys(RICH_BODIES).toSorted()).toEqual(WITH_BODY.map(({ name }) => name).toSorted());
});

/**
 * Declares the tests of every operation with a body, which try `count` bodies each, the same in every run.
 */
export function describeBodies(count: number): void {
  describe.each(WITH_BODY)('$name', ({ name, schema }) => {
    const tries = { count, seed: SEED };
    const rich = fc.constant(RICH_BODIES[name]);
    const bodies = fc.oneof(rich, toArbitrary(schema));

    const inApp = (mutated: Mutated) => check(app, name, mutated);
    const inStack = (mutated: Mutated) => check(stacked, name, mutated);

    test('takes what the document shows', async () => {
      const { status } = await send(app, name, toJson(RICH_BODIES[name]));
      expect(status).toBe(name.includes('{') ? 404 : 200);
    });

    test('with one thing wrong', async () => {
      expect(await findCounterexample(mutate(rich), tries, inApp)).toBeUndefined();
    });

    test('with whatever the schema lets through, and one thing wrong', async () => {
      expect(await findCounterexample(mutate(bodies), tries, inApp)).toBeUndefined();
    });

    test('with anything', async () => {
      expect(await findCounterexample(anything.map(toMutated), tries, inApp)).toBeUndefined();
    });

    test('through all layers to the CLI', async () => {
      expect(await findCounterexample(mutate(bodies), tries, inStack)).toBeUndefined();
    });
  });
}

const toMutated = (body: unknown): Mutated => ({ body, path: [] });

/** Whatever comes: an answer, that of the dialect; nothing is begun for what is refused. */
async function check(target: TestApp, name: string, { body: sent, path }: Mutated) {
  begun = 0;
  const response = await send(target, name, toJson(sent));
  const answer = await response.text();
  if (response.status >= 500) throw new Error(answer);
  if (response.status === 200 || response.status === 429) return;

  const [complaint] = answerCheckOf(name, response.status, JSON_TYPE)(JSON.parse(answer));
  if (complaint !== undefined) throw new Error(`${complaint}: ${answer}`);
  if (response.status === 202) return endRun(target, response);
  if (begun > 0) throw new Error(`Something was begun before it was refused: ${answer}`);
  const [changed] = path;
  if (response.status !== 400 || changed === undefined) return;
  const newer = OLDER_NAMES[name]?.[changed];
  const fields: unknown[] = [...Object.keys(Object(sent)), newer ?? changed];
  const field = nameField(readComplaint(name, answer));
  if (!fields.includes(field)) throw new Error(`No field is named: ${answer}`);
}

/** What goes on in the background would begin processes while the next body is tried. */
async function endRun(target: TestApp, started: Response) {
  const ended = await send(target, `DELETE ${started.headers.get('location')}`);
  if (!ended.ok) throw new Error(await ended.text());
}

/** The field is named in `param`; Anthropic's and Ollama's APIs have only words, which begin with it. */
function nameField({ message, param }: ReturnType<typeof readComplaint>) {
  return (param ?? /^([^ :]+): /.exec(String(message))?.[1])?.split('.')[0];
}

function send(target: TestApp, name: string, body?: string): Promise<Response> {
  const [method = '', path = ''] = name.split(' ');
  const headers = { authorization: `Bearer ${APP_KEY}`, 'content-type': JSON_TYPE };
  const init = { method, headers, ...(body !== undefined && { body }) };
  return Promise.resolve(target.request(path.replace('{id}', 'key-12345678'), init));
}
