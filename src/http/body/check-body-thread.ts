import type { z } from 'zod';

import { BODIES } from '../../dialects/bodies.ts';
import { RunError } from '../../run-error.ts';
import { serveThread } from '../../threads/serve-thread.ts';
import { type BodyCheck, type BodyVerdict, readJson } from './check-body.ts';
import { toInvalidRequest, withoutDepths } from './to-invalid-request.ts';

serveThread(({ name, text }: BodyCheck): BodyVerdict => {
  try {
    const schema: z.ZodType = BODIES[name];
    const result = withoutDepths(schema).safeParse(readJson(text));
    if (!result.success) throw toInvalidRequest(result.error.issues);
    return { body: result.data };
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return { complaint: error.message, param: error.param };
  }
});
