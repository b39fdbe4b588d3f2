import { expect, test } from 'vitest';

import { createLog, listSecrets } from '../../src/observation/create-log.ts';

test.each([
  ['a key of this server', 'my-own-key-0123456789'],
  ['a key with quotes in it', 'quote"back\\slash-0123456789'],
  ['a key of the API', 'sk-ant-api03-abcdefghijklmnop'],
  ['a key that this program made', 'ccp-abcdefghijklmnopqrstuv'],
  ['a bearer token', 'Bearer eyJhbGciOi.eyJzdWIi'],
  ['a password in an address', 'http://someone:pass-word@proxy.example.com'],
])('%s stands in no line, wherever it was put', (_, secret) => {
  const lines: string[] = [];
  const log = createLog({
    level: 'info',
    secrets: ['my-own-key-0123456789', 'quote"back\\slash-0123456789'],
    destination: { write: (line) => void lines.push(line) },
  });
  log.info({ deep: { er: [secret] }, cause: `exit 1: ${secret}` }, `said ${secret} there`);
  log.error({ err: new Error(`with ${secret}`, { cause: secret }) }, 'failed');
  log.child({ requestId: secret }).warn('child');

  expect(lines).toHaveLength(3);
  const hidden = secret.replace(/^Bearer |^http:\/\//, '').replace(/@.*$/, '');
  for (const line of lines) {
    expect(line).not.toContain(JSON.stringify(hidden).slice(1, -1));
    expect(line).toContain('[redacted]');
    expect(() => JSON.parse(line)).not.toThrow();
  }
});

test('of an error of Redis the command is not written, whose arguments are secret', async () => {
  const lines: string[] = [];
  const log = createLog({
    level: 'info',
    secrets: [],
    destination: { write: (line) => void lines.push(line) },
  });
  const command = { name: 'auth', args: ['hidden'] };
  const refused = Object.assign(new Error('WRONGPASS'), { command });
  const aborted = Object.assign(new Error('EXECABORT'), { command, previousErrors: [refused] });
  log.error({ err: aborted }, 'the cluster has a problem');
  expect(lines.join()).toContain('EXECABORT');
  expect(lines.join()).not.toContain('hidden');
});

test('what is no secret stays as it is', () => {
  const lines: string[] = [];
  const log = createLog({
    level: 'info',
    secrets: ['dummy'],
    destination: { write: (line) => void lines.push(line) },
  });
  log.info({ path: '/v1/messages', url: 'http://127.0.0.1:6789/v1' }, 'a dummy of risk-free text');
  expect(lines.join()).not.toContain('[redacted]');
});

test('variables are secrets by their names', () => {
  const environment = {
    PATH: '/usr/bin',
    ANTHROPIC_API_KEY: 'one',
    CLAUDE_CODE_OAUTH_TOKEN: 'two',
    AWS_SECRET_ACCESS_KEY: 'three',
    EMPTY_KEY: undefined,
  };
  expect(listSecrets(environment)).toEqual(['one', 'two', 'three']);
});
