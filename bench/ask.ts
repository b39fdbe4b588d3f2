import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { CLAUDE, KEY, type Stage } from './processes.ts';

export type Timing = { firstTokenMs: number; totalMs: number };

export type Question = {
  /** Default: the owner's. */
  key?: string;
  system?: string;
  messages: readonly object[];
  /** Further fields of the body. */
  extra?: object;
  signal?: AbortSignal;
};

/** Where the proxy is. */
type Address = Pick<Stage, 'proxyUrl'>;

/** One streamed request to the proxy, timed from the outside. */
export async function askProxy(stage: Address, question: Question): Promise<Timing> {
  const startedAt = performance.now();
  const response = await openAnswer(stage, question);
  return readTiming(response.body ?? [], startedAt, '"text_delta"', 'event: message_stop');
}

/** A streamed answer whose headers have come. */
export async function openAnswer({ proxyUrl }: Address, question: Question): Promise<Response> {
  const response = await fetch(`${proxyUrl}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': question.key ?? KEY, 'content-type': 'application/json' },
    signal: question.signal ?? null,
    body: JSON.stringify({
      model: 'sonnet',
      max_tokens: 100_000,
      stream: true,
      system: question.system,
      messages: question.messages,
      ...question.extra,
    }),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response;
}

/** Asks so many times, by so many callers (default 8) at the same time. */
export async function askMany(
  count: number,
  ask: () => Promise<unknown>,
  callers = 8,
): Promise<void> {
  let left = count;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      for (; left > 0; left -= 1) await ask();
    }),
  );
}

/** A conversation of one message. */
export function toPrompt(content: string): object[] {
  return [{ role: 'user', content }];
}

/** One `claude -p`, as a person or a script would call it, prompt on stdin. */
export async function askClaude({ claudeEnvironment }: Stage, prompt: string): Promise<Timing> {
  const startedAt = performance.now();
  const child = spawn(CLAUDE, CLAUDE_ARGS, {
    cwd: claudeEnvironment['HOME'],
    env: claudeEnvironment,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end(prompt);
  const exited = once(child, 'exit');
  const timing = await readTiming(child.stdout, startedAt, '"text_delta"', '"type":"result"');
  await exited;
  return timing;
}

const CLAUDE_ARGS = [
  '-p',
  '--model=sonnet',
  '--output-format=stream-json',
  '--include-partial-messages',
  '--verbose',
  '--tools=',
  '--strict-mcp-config',
  '--no-session-persistence',
];

/** Reads to the end; notes when the first token and the last word came. */
export async function readTiming(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  startedAt: number,
  tokenMark: string,
  endMark: string,
): Promise<Timing> {
  const decoder = new TextDecoder();
  let tail = '';
  let firstTokenMs: number | undefined;
  let totalMs: number | undefined;
  for await (const chunk of chunks) {
    tail += decoder.decode(chunk, { stream: true });
    if (firstTokenMs === undefined && tail.includes(tokenMark)) {
      firstTokenMs = performance.now() - startedAt;
    }
    if (tail.includes(endMark)) totalMs ??= performance.now() - startedAt;
    tail = tail.slice(-Math.max(tokenMark.length, endMark.length));
  }
  if (firstTokenMs === undefined || totalMs === undefined) throw new Error('The answer was cut.');
  return { firstTokenMs, totalMs };
}
