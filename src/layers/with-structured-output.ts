import { readJson } from '../common/read-json.ts';
import type { Run, RunEnd, RunRequest, WantedOutput } from '../run.ts';
import { RunError } from '../run-error.ts';
import { type Check, createAnswerChecks } from './answer-check/answer-check.ts';

/**
 * Holds answers to the JSON that was asked for, whoever enforced it: throws `upstream-failed` for one
 * that does not fit, after its text went out if it was streamed. Refusals and cut-off answers pass as
 * they are.
 */
export function withStructuredOutput(run: Run, toCheck = createAnswerChecks()): Run {
  return (request, signal) => {
    const { output } = request;
    return output.type === 'text' ? run(request, signal) : checked(request, output, signal);
  };

  async function* checked(
    request: RunRequest,
    output: JsonOutput,
    signal: AbortSignal,
  ): ReturnType<Run> {
    const check = await toCheck(output);
    let text = '';
    const textParts = new Set<number>();
    for await (const event of run(request, signal)) {
      if (event.type === 'part-start' && event.part.type === 'text') textParts.add(event.index);
      if (event.type === 'part-delta' && textParts.has(event.index)) text += event.delta;
      if (event.type === 'run-end' && event.finish === 'stop')
        await checkAnswer(event, text, check);
      yield event;
    }
  }
}

type JsonOutput = Extract<WantedOutput, { type: 'json' }>;

async function checkAnswer({ agent }: RunEnd, text: string, check: Check) {
  const complaint = await check(agent ? agent.structuredOutput : readJson(text));
  if (complaint === undefined) return;
  throw new RunError(
    'upstream-failed',
    `The model's answer does not fit the schema that was asked for: ${complaint}.`,
  );
}
