import { expect, test } from 'vitest';

import { openaiResponses } from '../../../src/dialects/openai-responses/index.ts';
import { RunError } from '../../../src/run-error.ts';

const { failures } = openaiResponses;

test('before the first byte a failure is OpenAI’s error', () => {
  const error = new RunError('overloaded', 'Try again.');
  expect(failures.toFailure(error, 'req_1')).toEqual({
    status: 503,
    body: {
      error: { message: 'Try again.', type: 'server_error', param: null, code: 'overloaded' },
    },
  });
});

test('a failure can bring a code that says more than the table', () => {
  const error = new RunError('invalid-request', 'There is none.', {
    param: 'previous_response_id',
    details: { code: 'previous_response_not_found' },
  });
  expect(failures.toFailure(error, 'req_1')).toMatchObject({
    status: 400,
    body: { error: { code: 'previous_response_not_found', param: 'previous_response_id' } },
  });
});

test('after the first byte it is an event of its own', () => {
  const error = new RunError('upstream-failed', 'It broke.');
  const { event, data } = failures.toFailureMessage(error, 'req_1');
  expect(event).toBe('error');
  expect(JSON.parse(data)).toEqual({
    type: 'error',
    code: 'upstream_error',
    message: 'It broke.',
    param: null,
  });
});
