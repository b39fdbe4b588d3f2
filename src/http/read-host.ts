import type { Context } from 'hono';

import { RunError } from '../run-error.ts';

const HOST = /^[^/\\@?#\s]+$/;

/** By which name, and on which port, the caller reached the server. Throws `invalid-request`. */
export function readHost(c: Context): URL {
  const header = c.req.header('host');
  const url = URL.parse(header === undefined ? c.req.url : `http://${header}`);
  if (!url || (header !== undefined && !HOST.test(header)))
    throw new RunError('invalid-request', 'The `Host` header names no host.');
  return url;
}
