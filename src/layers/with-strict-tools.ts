import { readJson } from '../common/read-json.ts';
import type { Run, Tool } from '../run.ts';
import { RunError } from '../run-error.ts';
import { createAnswerChecks } from './answer-check/answer-check.ts';

type Call = { tool: Tool; json: string };

/**
 * Holds the calls of strict tools to the tools' schemas: throws `upstream-failed` for one whose arguments
 * do not fit, after they went out if they were streamed. Calls that were cut off pass as they are, and so
 * do those of a tool whose schema cannot be used for a check.
 */
export function withStrictTools(run: Run, toCheck = createAnswerChecks()): Run {
  return (request, signal) => {
    const tools = request.tools.filter(({ isStrict }) => isStrict);
    const events = run(request, signal);
    return tools.length === 0 ? events : strict(events, tools);
  };

  async function* strict(events: ReturnType<Run>, strictTools: readonly Tool[]): ReturnType<Run> {
    const tools = new Map(strictTools.map((tool) => [tool.name, tool]));
    const calls = new Map<number, Call>();
    for await (const event of events) {
      if (event.type === 'part-start' && event.part.type === 'tool-call') {
        const tool = tools.get(event.part.name);
        if (tool) calls.set(event.index, { tool, json: '' });
      } else if (event.type === 'part-delta') {
        const call = calls.get(event.index);
        if (call) call.json += event.delta;
      } else if (event.type === 'run-end' && event.finish === 'tool-calls') {
        for (const call of calls.values()) await checkCall(call);
      }
      yield event;
    }
  }

  async function checkCall({ tool: { name, inputSchema: schema }, json }: Call) {
    const check = await toCheck({ type: 'json', schema }).catch(ignoreUnusable);
    const complaint = await check?.(readJson(json || '{}')).catch(ignoreUnusable);
    if (complaint === undefined) return;
    throw new RunError(
      'upstream-failed',
      `The model's call of the strict tool ${JSON.stringify(name)} does not fit its schema: ${complaint}. Try again.`,
    );
  }
}

function ignoreUnusable(error: unknown): undefined {
  if (!(error instanceof RunError) || error.code !== 'invalid-request') throw error;
}
