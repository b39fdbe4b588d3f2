import { describe, expect, test } from 'vitest';

import { CALL_NAMES, CALLS } from '../support/calls.ts';
import { createTestApp, post } from '../support/create-test-app.ts';

const app = createTestApp();

describe.for(CALL_NAMES)('%s', (name) => {
  const { path, toBody } = CALLS[name];

  test('the stream says what it is, and that nobody should hold it back', async () => {
    const response = await post(app, path, { ...toBody('Hi'), stream: true });
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': expect.stringContaining('text/event-stream'),
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      'request-id': response.headers.get('x-request-id'),
    });
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
    await response.text();
  });

  test('a whole answer is JSON with the same two ids', async () => {
    const response = await post(app, path, { ...toBody('Hi'), stream: false });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': expect.stringContaining('application/json'),
      'request-id': response.headers.get('x-request-id'),
    });
    await response.text();
  });
});
