import type { Dialect, Exchange, SseMessage } from '../../src/dialects/dialect.ts';
import type { Caller, RunEvent, RunFinish, StartedPart, TokenUsage } from '../../src/run.ts';
import { collectRun } from '../../src/run-answer.ts';

const CALLER: Caller = { keyId: 'key-a', user: undefined, requestId: 'req_1' };

export const USAGE: TokenUsage = {
  input: 10,
  output: 5,
  cacheRead: 3,
  cacheWrite: 2,
  reasoning: undefined,
};

/** What a body becomes that says `Hi` to `sonnet` and asks for nothing else. */
export const BARE_REQUEST = {
  model: 'sonnet',
  instructions: [],
  messages: [{ role: 'user', parts: [{ type: 'text', text: 'Hi' }] }],
  tools: [],
  toolChoice: { type: 'auto' },
  parallelToolCalls: true,
  output: { type: 'text' },
  sampling: {},
  thinking: { type: 'default' },
  effort: undefined,
  agent: undefined,
  caller: CALLER,
};

type CannedPart = { part: StartedPart; deltas?: readonly string[]; signature?: string };

type CannedEnd = { finish?: RunFinish; stopSequence?: string; usage?: TokenUsage };

export const text = (...deltas: string[]): CannedPart => ({ part: { type: 'text' }, deltas });

export const reasoning = (thought: string, signature: string): CannedPart => ({
  part: { type: 'reasoning' },
  deltas: [thought],
  signature,
});

export const redacted = (data: string): CannedPart => ({
  part: { type: 'redacted-reasoning', data },
});

export const call = (id: string, name: string, ...deltas: string[]): CannedPart => ({
  part: { type: 'tool-call', id, name },
  deltas,
});

/** The events of a run that says these parts, one after the other. */
export async function* cannedRun(
  parts: readonly CannedPart[],
  { finish = 'stop', stopSequence, usage = USAGE }: CannedEnd = {},
): AsyncIterable<RunEvent> {
  const start = { id: 'msg_01', model: 'claude-sonnet-5-5', sessionId: undefined };
  yield { type: 'run-start', ...start, usage: { ...usage, output: 1 } };
  for (const [index, { part, deltas = [], signature }] of parts.entries()) {
    yield { type: 'part-start', index, part };
    for (const delta of deltas) yield { type: 'part-delta', index, delta };
    if (signature !== undefined) yield { type: 'part-signature', index, signature };
    yield { type: 'part-end', index };
  }
  yield { type: 'run-end', finish, stopSequence, usage, agent: undefined };
}

/** The whole answer of a dialect to a body. */
export async function answerWhole<Body>(
  dialect: Dialect<Body>,
  body: unknown,
  events: AsyncIterable<RunEvent>,
): Promise<object> {
  return dialect.toAnswer(await collectRun(events), toExchange(dialect, body));
}

/** The streamed answer of a dialect to a body. */
export async function answerStreamed<Body>(
  dialect: Dialect<Body>,
  body: unknown,
  events: AsyncIterable<RunEvent>,
): Promise<SseMessage[]> {
  return Array.fromAsync(dialect.toMessages(events, toExchange(dialect, body)));
}

/** The canonical request that a dialect makes of a body. */
export function translate<Body>(dialect: Dialect<Body>, body: unknown) {
  return dialect.toRunRequest(dialect.body.parse(body), CALLER);
}

function toExchange<Body>(dialect: Dialect<Body>, body: unknown): Exchange<Body> {
  return {
    body: dialect.body.parse(body),
    request: translate(dialect, body).request,
    requestId: 'req_1',
    arrivedAtMs: 1_800_000_000_999,
  };
}
