import type { InputAnswer, InputRequest } from '../../src/run-input.ts';
import { isInputRequest } from '../../src/run-input.ts';
import type { AgentSummary, Run, RunEnd, RunEvent, RunStart, TokenUsage } from '../../src/run.ts';
import { createTestRunBook, NO_INPUTS } from './create-test-run-book.ts';

/** What is left open of an approval request, a question or a plan: its id, which is the run's own. */
type Asked = InputRequest extends infer Input
  ? Input extends InputRequest
    ? Omit<Input, 'id'>
    : never
  : never;

/** An event of the script; a promise holds it up. */
export type ScriptStep =
  | Exclude<RunEvent, InputRequest | RunStart | RunEnd>
  | Asked
  | Promise<void>;

const USAGE: TokenUsage = {
  input: 1200,
  output: 34,
  cacheRead: 0,
  cacheWrite: 0,
  reasoning: undefined,
};

const AGENT: AgentSummary = {
  result: 'Done.',
  turns: 1,
  costUsd: 0.0421,
  permissionDenials: [],
  stoppedTasks: [],
  structuredOutput: undefined,
};

/**
 * Runs that do what `toSteps` says for their prompt, and wait where they ask. No CLI is behind them;
 * `answers` is what they were told, `words` what was said on the way, `changes` what was changed there. A
 * question is answered with itself.
 */
export function createScriptedAgent(toSteps: (prompt: string) => readonly ScriptStep[]) {
  const waiting = new Map<string, (answer: InputAnswer) => void>();
  const answers: InputAnswer[] = [];
  const words: string[] = [];
  const changes: object[] = [];
  const ask = (id: string, signal: AbortSignal) =>
    new Promise<InputAnswer>((resolve, reject) => {
      waiting.set(id, resolve);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });

  const run: Run = async function* scripted({ messages, model, caller }, signal) {
    const [part] = messages.at(-1)?.parts ?? [];
    yield { type: 'run-progress', step: 'placed' };
    const sessionId = crypto.randomUUID();
    yield { type: 'run-start', id: 'msg_1', model, sessionId, usage: { ...USAGE, output: 0 } };
    let count = 0;
    for (const step of toSteps(part?.type === 'text' ? part.text : '')) {
      if (step instanceof Promise) await orAborted(step, signal);
      else if (isAsked(step)) {
        count += 1;
        const id = `inp_${caller.requestId}_${count}`;
        yield { ...step, id };
        const answer = await ask(id, signal);
        answers.push(answer);
        const { decision } = answer;
        const message = answer.decision === 'deny' ? answer.message : undefined;
        yield { type: 'input-settled', id, decision, message };
      } else yield step;
    }
    const end = { finish: 'stop', stopSequence: undefined, usage: USAGE, agent: AGENT } as const;
    yield { type: 'run-end', ...end };
  };

  const runs = createTestRunBook({
    inputs: {
      ...NO_INPUTS,
      steering: {
        ...NO_INPUTS.steering,
        answer: async (_, id, answer) => waiting.get(id)?.(answer),
        send: async (_, { text }) => void words.push(text),
        change: async (_, change) => void changes.push(change),
        ask: async (_, question) => `You asked: ${question}`,
        readTask: async (_, id) => ({ output: `${id} wrote`, totalBytes: 8, isTruncated: false }),
        stopTask: async (_, id) => void changes.push({ stopped: id }),
      },
    },
  });
  return { run, runs, answers, words, changes };
}

/** The events of a text that is said at once. */
export function saying(index: number, text: string): ScriptStep[] {
  return toPart(index, { type: 'text' }, text);
}

/** The events of a tool call of the agent's own. */
export function calling(index: number, id: string, name: string, input: object): ScriptStep[] {
  return toPart(index, { type: 'tool-call', id, name }, JSON.stringify(input));
}

/** The events of what a tool brought. */
export function resulting(index: number, callId: string, text: string): ScriptStep[] {
  return toPart(index, { type: 'tool-result', callId, isError: false }, text);
}

function toPart(
  index: number,
  part: Extract<RunEvent, { type: 'part-start' }>['part'],
  delta: string,
): ScriptStep[] {
  return [
    { type: 'part-start', index, part },
    { type: 'part-delta', index, delta },
    { type: 'part-end', index },
  ];
}

function isAsked(step: Exclude<ScriptStep, Promise<void>>): step is Asked {
  return isInputRequest({ type: step.type });
}

function orAborted(step: Promise<void>, signal: AbortSignal) {
  const left = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => left.reject(signal.reason), { once: true });
  return Promise.race([step, left.promise]);
}
