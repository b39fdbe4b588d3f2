import { Hono } from 'hono';

import type { Dialect } from '../../src/dialects/dialect.ts';
import { validate } from '../../src/http/body/validate.ts';
import type { AppEnv } from '../../src/http/variables.ts';
import { RunError } from '../../src/run-error.ts';
import { translate } from './canned-run.ts';

/** What a caller is told of a body that is refused before a run: code, field and sentence. */
export async function complaintOf<Body>(dialect: Dialect<Body>, body: unknown) {
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    c.set('countRefused', () => Promise.resolve());
    c.set('checkKeyAgain', () => Promise.resolve());
    await next();
  });
  app.post('/', validate(dialect.body), (c) => {
    translate(dialect, body);
    return c.json({ code: 'accepted' });
  });
  app.onError((error, c) => {
    if (!(error instanceof RunError)) throw error;
    const { code, param, message } = error;
    return c.json({ code, param, message });
  });
  const response = await app.request('/', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as { code: string; param?: string; message?: string };
}
