import type { Context } from 'hono';

import type { Dialect, SseMessage } from '../dialects/dialect.ts';
import { createTextStream } from '../http/text-stream.ts';
import type { AppEnv } from '../http/variables.ts';
import { toRunError } from '../run-error.ts';

/** Node's fetch gives up after 300 s of silence, others after 60. */
const KEEPALIVE_MS = 10_000;

type Encoding = { contentType: string; encode: (message: SseMessage) => string; keepalive: string };

/** Every dialect's: https://html.spec.whatwg.org/multipage/server-sent-events.html */
const SERVER_SENT_EVENTS: Encoding = {
  contentType: 'text/event-stream',
  encode: ({ id, event, data }) =>
    `${toField('id', id)}${toField('event', event)}data: ${data}\n\n`,
  keepalive: ': keepalive\n\n',
};

/** One JSON text a line. An empty line is none: the keepalive is a blank in front of the next one. */
const LINES: Encoding = {
  contentType: 'application/x-ndjson',
  encode: ({ data }) => `${data}\n`,
  keepalive: ' ',
};

/**
 * Streams a dialect's messages, one write for each. What fails on the way becomes the dialect's error
 * message, which is the last.
 */
export function streamMessages<Body>(
  c: Context<AppEnv>,
  dialect: Dialect<Body>,
  messages: AsyncIterable<SseMessage>,
): Response {
  const encoding = chooseEncoding(c, dialect);
  c.header('content-type', encoding.contentType);
  c.header('cache-control', 'no-cache');
  c.header('x-accel-buffering', 'no');
  if (c.req.method === 'HEAD') return c.body(null); // nobody would read the messages to their end
  const { body, write, close } = createTextStream();
  void writeAll();
  return c.body(body);

  async function writeAll() {
    const endAnswer = c.get('holdAnswer')();
    const keepalive = setInterval(() => void write(encoding.keepalive), KEEPALIVE_MS);
    try {
      for await (const message of messages) await write(encoding.encode(message));
    } catch (error) {
      const failure = toRunError(error);
      c.set('failure', failure);
      const last = dialect.failures.toFailureMessage(failure, c.get('requestId'));
      await write(encoding.encode(last));
    } finally {
      clearInterval(keepalive);
      close();
      endAnswer();
    }
  }
}

function toField(name: string, value: string | undefined) {
  return value === undefined ? '' : `${name}: ${value}\n`;
}

function chooseEncoding(c: Context, { lines }: Pick<Dialect<never>, 'lines'>) {
  const wantsLines = c.req.header('accept')?.includes(LINES.contentType) ?? false;
  const isLines = lines === 'always' || (lines === 'offered' && wantsLines);
  return isLines ? LINES : SERVER_SENT_EVENTS;
}
