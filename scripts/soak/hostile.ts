import { gzipSync } from 'node:zlib';

import { say } from '../../tests/faults/dialects.ts';
import type { Asker } from './kinds.ts';
import type { Outcome } from './ledger.ts';
import { readOutcome } from './read-outcome.ts';

/** What wants to harm: bodies, schemas, words. */

const LONG = 40_000_000;

const BOMB = gzipSync(Buffer.alloc(200_000_000, ' '));

export function sendBadBodies({ own }: Asker): Promise<Outcome>[] {
  const nest = `${'['.repeat(100_000)}1${']'.repeat(100_000)}`;
  const bodies = [
    '{"model": "sonnet", ',
    '{"model":"sonnet","max_tokens":1,"messages":"none"}',
    `{"model":"sonnet","max_tokens":1,"messages":${nest}}`,
    `{"model":"sonnet","max_tokens":1,"messages":[${'{},'.repeat(300_000)}{}]}`,
  ];
  return bodies.map((body) => post({ own }, body));
}

export function sendHostileBodies({ own }: Asker): Promise<Outcome>[] {
  const keys = Array.from({ length: 300_000 }, (_, index) => `"k${index}":1`).join(',');
  return [
    post({ own }, BOMB, { 'content-encoding': 'gzip' }),
    post({ own }, BOMB, { 'content-encoding': 'x-nothing' }),
    post({ own }, Buffer.from('{}'), { 'content-encoding': 'br' }),
    post({ own }, `{"model":"sonnet","messages":[],"metadata":{${keys}}}`),
    post({ own }, ' '.repeat(LONG)),
    post({ own }, '{"__proto__":{"model":"sonnet"},"constructor":{"prototype":{}}}'),
  ];
}

/** Words that a shell, a path, a slash command or a log would understand. */
export function sayHostileWords({ own, mark }: Asker): Promise<Outcome>[] {
  const text = mark();
  const words = `${text} /help @/etc/passwd $(id) ; --dangerously-skip-permissions \u0000\u2028\u001b[2J`;
  return [readOutcome(say(own, 'messages', words), text)];
}

/** For a string that the second would be at for centuries, and the third, too, since RE2 does not take it. */
const PATTERNS = ['^a+b$', '^(a+)+$', '^(?=a)(a+)+$', '('];

export function sendPatterns({ own }: Asker): Promise<Outcome>[] {
  return PATTERNS.map((pattern) => {
    const value = { type: 'string', enum: [`${'a'.repeat(40)}b`], pattern };
    const schema = {
      type: 'object',
      properties: { value },
      required: ['value'],
      additionalProperties: false,
    };
    const format = { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } };
    const messages = [{ role: 'user', content: 'Answer.' }];
    const body = { model: 'sonnet', messages, response_format: format };
    return readFit(own.send('/v1/chat/completions', body));
  });
}

async function readFit(asked: Promise<Response>): Promise<Outcome> {
  const response = await asked;
  const text = await response.clone().text();
  if (text.includes('does not fit the schema')) return 'does not fit';
  return readOutcome(Promise.resolve(response), 'aab');
}

function post(
  { own }: Pick<Asker, 'own'>,
  body: string | Uint8Array<ArrayBuffer>,
  headers?: Record<string, string>,
) {
  const init = {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  };
  return readOutcome(own.send('/v1/messages', undefined, init), 'nothing');
}
