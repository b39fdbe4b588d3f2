import type {
  Message,
  Part,
  Run,
  RunEvent,
  RunProgress,
  RunRequest,
  ToolChoice,
} from '../../../run.ts';
import { withCallIds } from './call-ids.ts';
import { renameArguments } from './property-keys.ts';
import { renameStreamedKeys, type StreamedKeys } from './rename-streamed-keys.ts';
import { toUpstreamNames } from './tool-names.ts';
import { toUpstreamTool, type UpstreamTool } from './upstream-tool.ts';

/** A request as it goes up, and its tools by the names that the caller gave them. */
export type UpstreamForm = {
  request: RunRequest;
  tools: ReadonlyMap<string, UpstreamTool>;
};

/** The CLI takes a reply of nothing but this text for its own filling, and leaves it out (2.1.330). */
const NO_CONTENT = '(no content)';

/**
 * Puts requests into a form of which neither the CLI nor the API leaves out anything, and answers back
 * into the caller's: the tools' names, schemas and arguments, the ids of calls. The same request always gets
 * the same form, so whoever compares conversations compares those. Throws `invalid-request` for a tool that
 * would not reach the model.
 */
export function withUpstreamForm(run: Run): Run {
  return (request, signal) => {
    const form = toUpstreamForm(request);
    const events = run(form.request, signal);
    return form.tools.size === 0 ? events : inCallersNames(events, form);
  };
}

async function* inCallersNames(events: ReturnType<Run>, { tools }: UpstreamForm): ReturnType<Run> {
  const toCaller = createToCaller(tools);
  for await (const event of events) yield* toCaller(event);
}

/** Gives a request the form that `withUpstreamForm` gives it. */
export function toUpstreamForm(request: RunRequest): UpstreamForm {
  const toName = toUpstreamNames(request);
  const tools = new Map(
    request.tools.map((tool) => [tool.name, toUpstreamTool(tool, toName(tool.name))]),
  );
  const toPart = (part: Part): readonly Part[] => {
    if (part.type !== 'tool-call') return [part];
    const { name, input } = part;
    const keys = tools.get(name)?.keys;
    return [{ ...part, name: toName(name), input: keys ? renameArguments(input, keys) : input }];
  };
  const messages = withCallIds(request.messages).map(({ role, parts }): Message => ({
    role,
    parts: withContent(role, parts.flatMap(toPart)),
  }));
  return {
    request: {
      ...request,
      messages,
      tools: [...tools.values()].map(({ tool }) => tool),
      toolChoice: toChoice(request.toolChoice, toName),
    },
    tools,
  };
}

function toChoice(choice: ToolChoice, toName: (name: string) => string): ToolChoice {
  return choice.type === 'tool' ? { ...choice, name: toName(choice.name) } : choice;
}

/** In two pieces it is a text like any other. */
function withContent(role: Message['role'], parts: readonly Part[]): readonly Part[] {
  const [only, ...others] = parts;
  if (role !== 'assistant' || only?.type !== 'text' || others.length > 0) return parts;
  if (only.text.trim() !== NO_CONTENT) return parts;
  const middle = only.text.indexOf(' c') + 1;
  return [only.text.slice(0, middle), only.text.slice(middle)].map((text) => ({
    type: 'text',
    text,
  }));
}

/** The events of one answer in the caller's own names. */
function createToCaller(tools: ReadonlyMap<string, UpstreamTool>) {
  const names = new Map([...tools].map(([name, { tool }]) => [tool.name, name]));
  const streamed = new Map<number, StreamedKeys>();

  return function* toCaller(event: RunEvent | RunProgress): Iterable<RunEvent | RunProgress> {
    if (event.type === 'part-start' && event.part.type === 'tool-call') {
      const name = names.get(event.part.name) ?? event.part.name;
      const keys = tools.get(name)?.keys;
      if (keys && keys.size > 0) {
        streamed.set(event.index, renameStreamedKeys(toCallersKeys(keys)));
      }
      yield { ...event, part: { ...event.part, name } };
    } else if (event.type === 'tool-request') {
      const toolName = names.get(event.toolName) ?? event.toolName;
      const callersKeys = toCallersKeys(tools.get(toolName)?.keys ?? new Map());
      yield { ...event, toolName, input: renameArguments(event.input, callersKeys) as Inputs }; // it was an object
    } else if (event.type === 'part-delta') {
      const delta = streamed.get(event.index)?.add(event.delta) ?? event.delta;
      if (delta !== '' || event.delta === '') yield { ...event, delta };
    } else if (event.type === 'part-end') {
      const rest = streamed.get(event.index)?.end();
      if (rest) yield { type: 'part-delta', index: event.index, delta: rest };
      yield event;
    } else yield event;
  };
}

type Inputs = Readonly<Record<string, unknown>>;

function toCallersKeys(keys: UpstreamTool['keys']) {
  return new Map([...keys].map(([caller, upstream]) => [upstream, caller]));
}
