import { expect, test } from 'vitest';

import { countWithLoginAdvice, withLoginAdvice } from '../../src/layers/with-login-advice.ts';
import type { Run } from '../../src/run.ts';
import { collectRun } from '../../src/run-answer.ts';
import { RunError, type RunErrorCode } from '../../src/run-error.ts';
import { toModelRequest } from '../sessions/agent-request.ts';

const SIGNAL = new AbortController().signal;

const toRequest = (keyId: string) => ({
  ...toModelRequest(),
  caller: { keyId, user: undefined, requestId: 'req_1' },
});

function fail(code: RunErrorCode) {
  const error = new RunError(code, 'It went wrong.');
  const run: Run = () => ({
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }),
  });
  const count = () => Promise.reject(error);
  const [request, countTokens] = [
    withLoginAdvice(run, '/bin/claude auth login'),
    countWithLoginAdvice(count, '/bin/claude auth login'),
  ];
  return async (keyId: string) => {
    const tries = [
      collectRun(request(toRequest(keyId), SIGNAL)),
      countTokens(toRequest(keyId), SIGNAL),
    ];
    const told = await Promise.allSettled(tries);
    return told.map((result) => result.status === 'rejected' && String(result.reason.message));
  };
}

const ADVISED =
  'It went wrong. On the server, run `/bin/claude auth login`, or set ANTHROPIC_API_KEY.';

test('without a login the owner is told the command, nobody else where the program lies', async () => {
  expect(await fail('not-logged-in')('default')).toEqual([ADVISED, ADVISED]);
  expect(await fail('not-logged-in')('key-12345678')).toEqual(['It went wrong.', 'It went wrong.']);
  expect(await fail('overloaded')('default')).toEqual(['It went wrong.', 'It went wrong.']);
});
