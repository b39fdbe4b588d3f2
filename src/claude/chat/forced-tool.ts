import type { Run, RunRequest, Tool } from '../../run.ts';
import { toEnforceableSchema } from './enforceable-schema.ts';

/**
 * The tool that has to be called and that the API refuses to force: the CLI then gets its schema to
 * enforce, and the object is handed out as the call.
 */
export function toEnforcedTool({ tools, toolChoice }: RunRequest): Tool | undefined {
  if (toolChoice.type !== 'tool' || !toolChoice.isRefusedByApi) return undefined;
  return tools.find(({ name }) => name === toolChoice.name);
}

/** What a tool takes, with what it is for, since nothing else tells the model. */
export function toCallSchema({ description, inputSchema }: Tool): Record<string, unknown> {
  const schema = toEnforceableSchema(inputSchema);
  return { ...(description !== undefined && { description }), ...schema };
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
