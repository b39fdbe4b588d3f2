import type { Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import type { z } from 'zod';

import { RunError } from '../../run-error.ts';
import { checkBody } from './check-body.ts';
import { countIfRefused } from '../count-if-refused.ts';
import type { AppEnv } from '../variables.ts';

/** What the handlers behind the check find in their context. */
export type Validated<Body> = { out: { json: Body } };

/**
 * Checks the JSON body. Throws `RunError` `invalid-request` that names the field: bad input is a 400,
 * found before any process is touched. Throws `unauthenticated` when the key ended while the body came.
 */
export function validate<Body>(schema: z.ZodType<Body>) {
  return createMiddleware<AppEnv, string, Validated<Body>>(async (c, next) => {
    const refusal = { countRefused: c.get('countRefused') };
    const body = await countIfRefused(refusal, () => readBody(c, schema));
    c.req.addValidatedData('json', Object(body)); // bodies are objects, which their schemas see to
    await next();
  });
}

async function readBody<Body>(c: Context<AppEnv>, schema: z.ZodType<Body>): Promise<Body> {
  if (!isJson(c.req.header('content-type'))) {
    throw new RunError(
      'invalid-request',
      'Send JSON, with the header `content-type: application/json`.',
    );
  }
  const text = await c.req.text();
  c.req.bodyCache = {}; // Hono would hold the text beside what is read of it, as long as the request goes on
  await c.get('checkKeyAgain')();
  return checkBody(schema, text, c.get('valueCount'));
}

function isJson(contentType: string | undefined) {
  return /^application\/([\w.+-]+\+)?json\b/i.test(contentType ?? '');
}
