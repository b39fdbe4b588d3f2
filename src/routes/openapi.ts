import type { Handler } from 'hono';

import type { AppEnv } from '../http/variables.ts';
import { type OpenapiDocument, toOpenapi } from '../openapi/to-openapi.ts';

/**
 * `GET /openapi.json`: what the app takes and answers. No key needed, as programs that import it send
 * none; it tells nothing that the source does not.
 */
export function openapi(options: { version: string }): Handler<AppEnv> {
  let document: OpenapiDocument | undefined;

  return (c) => {
    document ??= toOpenapi(options);
    return c.json(document);
  };
}
