import { readJson } from '../common/read-json.ts';
import type { Run, RunEnd, RunRequest } from '../run.ts';
import { RunError } from '../run-error.ts';
import { type Check, createAnswerChecks } from './answer-check/answer-check.ts';

/**
 * Holds answers to the JSON that was asked for, whoever enforced it: throws `upstream-failed` for one
 * that does not fit, after its text went out if it was streamed. Refusals and cut-off answers pass as
 * they are.
 */
export function withStructuredOutput(run: Run, toCheck = createAnswerChecks()): Run {
  return async function* structured(request, signal) {
    const { output } = request;
    if (output.type === 'text') yield* run(request, signal);
    else yield* checked(run, request, signal, await toCheck(output));
  };
}

async function* checked(run: Run, request: RunRequest, signal: AbortSignal, check: Check) {
  let text = '';
  const textParts = new Set<number>();
  for await (const event of run(request, signal)) {
    if (event.type === 'part-start' && event.part.type === 'text') textParts.add(event.index);
    if (event.type === 'part-delta' && textParts.has(event.index)) text += event.delta;
    if (event.type === 'run-end' && event.finish === 'stop') await checkAnswer(event, text, check);
    yield event;
  }
}

async function checkAnswer({ agent }: RunEnd, text: string, check: Check) {
  const complaint = await check(agent ? agent.structuredOutput : readJson(text));
  if (complaint === undefined) return;
  throw new RunError(
    'upstream-failed',
    `The model's answer does not fit the schema that was asked for: ${complaint}.`,
  );
}
