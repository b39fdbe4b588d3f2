import type { MessagesBody } from '../../src/demo/messages-body.ts';
import type { ChatDialect } from '../dialects/chat-dialects.ts';
import { readSse, type Sse } from '../support/read-sse.ts';
import type { Reachable } from '../support/create-scripted-proxy.ts';

export type AskedFor = {
  status: number;
  /** The names in `x-ignored-params`. */
  ignored: string[];
  /** What arrived upstream with this request's text, in order. */
  upstream: MessagesBody[];
  /** The JSON of a whole answer. */
  body: unknown;
  /** The messages of a streamed answer. */
  messages: Sse[];
};

export type AskOptions = { model?: string; text?: string; stream?: boolean };

/**
 * One request with further fields in the dialect's own words. What is upstream is found by its text: a
 * call of an earlier test may come late, since the CLI goes on by itself until it is interrupted.
 */
export async function askFor(
  proxy: Pick<Reachable, 'send' | 'model'>,
  dialect: Pick<ChatDialect, 'path' | 'toBody'>,
  fields: object = {},
  { text = `Tell me. (${crypto.randomUUID()})`, ...options }: AskOptions = {},
): Promise<AskedFor> {
  const messages = [{ role: 'user', content: text }] as const;
  const asked = dialect.toBody({ messages, ...options });
  const response = await proxy.send(dialect.path, { ...asked, ...fields });
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  return {
    status: response.status,
    ignored: response.headers.get('x-ignored-params')?.split(', ') ?? [],
    messages: isStream ? await Array.fromAsync(readSse(response)) : [],
    body: isStream ? undefined : await response.json(),
    upstream: proxy.model.requests
      .map((request) => request.body)
      .filter((sent) => JSON.stringify(sent.messages).includes(text)),
  };
}

/** Fields that are not settings, or different each time. */
const ELSEWHERE = new Set(['model', 'messages', 'system', 'tools', 'stream']);

/** What a request says beside the conversation, without the user id that the CLI sends of its own. */
export function toSettings(body: MessagesBody): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(body).filter(
      ([name, value]) => !ELSEWHERE.has(name) && !(name === 'metadata' && isOfCli(value)),
    ),
  );
}

function isOfCli(metadata: unknown) {
  return String(Object(metadata).user_id).startsWith('{"device_id"');
}
