import type { Run, Tool } from '../../../run.ts';
import type { ChatRequest, Enforced } from '../chat-request.ts';
import { toEnforceableSchema } from '../../process/enforceable-schema.ts';

/**
 * The tool that has to be called and that the API refuses to force: the CLI gets its schema to enforce,
 * with what it is for, since nothing else tells the model. `undefined` when no single tool is meant.
 */
export function toForcedTool({ tools, toolChoice }: ChatRequest): Enforced | undefined {
  const isOnly = tools.length === 1;
  const tool = tools.find(
    ({ name }) => isOnly || (toolChoice.type === 'tool' && toolChoice.name === name),
  );
  if (!tool) return undefined;
  const { description, inputSchema } = tool;
  const schema = toEnforceableSchema(inputSchema);
  return { tool, schema: { ...(description !== undefined && { description }), ...schema } };
}

/** The object that the CLI enforced, which is the answer's one text, as a call of the tool. */
export async function* toCallEvents(events: ReturnType<Run>, { name }: Tool): ReturnType<Run> {
  let hasCalled = false;
  for await (const event of events) {
    if (event.type === 'part-start') {
      hasCalled = true;
      yield { ...event, part: { type: 'tool-call', id: toCallId(), name } };
    } else if (event.type === 'run-end' && hasCalled) yield { ...event, finish: 'tool-calls' };
    else yield event;
  }
}

/** In the shape of the API's own ids. */
function toCallId() {
  return `toolu_${crypto.randomUUID().replaceAll('-', '')}`;
}
