import type { Context } from 'hono';

import type { AppEnv } from '../../http/variables.ts';

/** Sends lines as they are read; a reader that fails breaks the connection, and the length tells. */
export function sendLines(
  c: Context<AppEnv>,
  lines: AsyncIterable<Uint8Array | string>,
  { contentType, bytes }: { contentType: string; bytes: number },
): Response {
  c.header('content-type', contentType);
  c.header('content-length', String(bytes));
  if (c.req.method === 'HEAD') return c.body(null); // nobody would read the lines to their end
  const endAnswer = c.var.holdAnswer();
  return c.body(ReadableStream.from<Uint8Array>(toChunks(lines, endAnswer)));
}

async function* toChunks(lines: AsyncIterable<Uint8Array | string>, end: () => void) {
  const encoder = new TextEncoder();
  try {
    for await (const line of lines) yield typeof line === 'string' ? encoder.encode(line) : line;
  } finally {
    end();
  }
}
