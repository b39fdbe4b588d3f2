import { expect, test } from 'vitest';

import { RunError } from '../../../src/run-error.ts';
import type { Run } from '../../../src/run.ts';
import { createTestApp, get, post } from '../../support/create-test-app.ts';
import { openSignedIn } from '../../support/open-signed-in.ts';

const failing: Run = () => {
  throw new RunError('overloaded', 'The API is overloaded.');
};

test.each(['hour', 'day', 'week'])(
  'an error in the last %s leads to its request',
  async (range) => {
    const app = createTestApp({ run: failing });
    const messages = [{ role: 'user', content: 'Hi' }];
    await post(app, '/v1/chat/completions', { model: 'sonnet', messages });
    const text = await (await get(app, `/dashboard/over-time?range=${range}`)).text();
    const href = /href="([^"]+)"\s+aria-label="Errors, errors 1"/.exec(text)?.[1] ?? '';
    const requests = await openSignedIn(app, href.replaceAll('&amp;', '&'));
    expect(requests).toContain('The API is overloaded.');
    expect(requests).toContain('<option value="failed" selected>');
  },
);
