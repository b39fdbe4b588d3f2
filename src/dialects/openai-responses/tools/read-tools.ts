import type { Tool as OfferedTool } from '../../../run.ts';
import type { ResponsesBody } from '../body.ts';
import type { ToolName } from './tool-kind.ts';
import { type CallType, type RunnableType, toCallType, toOffer } from './tool-kinds.ts';
import type { RunnableTool, Tool } from './tool-schema.ts';

/** A tool that the caller runs, and the function as which the model knows it. */
export type ClientTool = ToolName & {
  type: RunnableType;
  offered: OfferedTool;
  /** Where its name stands in the request. */
  namePath: string;
};

/** The tools of a request. */
export type GivenTools = {
  tools: readonly ClientTool[];
  /** Where those stand that only OpenAI could run. */
  hosted: readonly string[];
  /** What the namespaces say of themselves. */
  notes: readonly string[];
};

type Placed = { tool: RunnableTool; namespace: string | undefined; path: string };

const LONGEST_NAME = 128;

/**
 * All tools of a request: its own, those that came as an item of the input, and those that a search of
 * the caller's found; of these the last of a name holds.
 */
export function readTools(body: Pick<ResponsesBody, 'tools' | 'input'>): GivenTools {
  const hosted: string[] = [];
  const notes: string[] = [];
  const find = (tools: readonly Tool[], at: string) =>
    tools.flatMap((tool, index) => {
      const path = `${at}.${index}`;
      const placed = toPlaced(tool, path);
      if (!placed) hosted.push(path);
      if (tool.type === 'namespace' && tool.description?.trim()) notes.push(toNote(tool));
      return placed ?? [];
    });
  const own = find(body.tools ?? [], 'tools');
  const later = toItems(body.input).flatMap((item, index) =>
    item.type === 'additional_tools' || item.type === 'tool_search_output'
      ? find(item.tools, `input.${index}.tools`)
      : [],
  );
  const latest = new Map(later.map((placed) => [toKey(placed), placed]));
  const kept = own.filter((placed) => !latest.has(toKey(placed)));
  return { tools: withOffers([...kept, ...latest.values()]), hosted, notes };
}

/** The name by which the model knows a tool, be it given or only spoken of in the history. */
export function toOfferedName(
  tools: readonly ClientTool[],
  callType: CallType,
  { name, namespace }: ToolName,
): string {
  const given = tools.find(
    (tool) =>
      toCallType(tool.type) === callType && tool.name === name && tool.namespace === namespace,
  );
  return given?.offered.name ?? toPlainName({ name, namespace });
}

function toItems(input: ResponsesBody['input']) {
  return typeof input === 'string' ? [] : (input ?? []);
}

/** The tools that a tool stands for; `undefined` for one that the caller does not run. */
function toPlaced(tool: Tool, path: string): Placed[] | undefined {
  switch (tool.type) {
    case 'namespace':
      return tool.tools.map((inner, index) => ({
        tool: inner,
        namespace: tool.name,
        path: `${path}.tools.${index}`,
      }));
    case 'function':
    case 'custom':
    case 'local_shell':
    case 'apply_patch':
    case 'computer':
    case 'computer_use':
    case 'computer_use_preview':
      return [{ tool, namespace: undefined, path }];
    case 'shell':
      // The other environments are containers at OpenAI.
      if ((tool.environment?.type ?? 'local') !== 'local') return undefined;
      return [{ tool, namespace: undefined, path }];
    case 'tool_search':
      return tool.execution === 'client' ? [{ tool, namespace: undefined, path }] : undefined;
    default:
      return undefined;
  }
}

function toKey({ tool, namespace }: Placed) {
  return JSON.stringify([toCallType(tool.type), namespace, toOffer(tool).name]);
}

function toNote({ name, description }: { name: string; description?: string | null | undefined }) {
  return `The tools whose names begin with ${toPlainName({ name: '', namespace: name })}: ${description}`;
}

/** Those that their caller named keep their names; the others get one that is free. */
function withOffers(all: readonly Placed[]): ClientTool[] {
  const isNamed = ({ tool: { type }, namespace }: Placed) =>
    namespace === undefined && (type === 'function' || type === 'custom');
  const taken = new Set(all.filter(isNamed).map(({ tool }) => toOffer(tool).name));
  return all.map((placed) => {
    const { tool, namespace, path } = placed;
    const offer = toOffer(tool);
    const called = { name: offer.name, namespace };
    const name = isNamed(placed) ? offer.name : toFreeName(toPlainName(called), taken);
    taken.add(name);
    return {
      ...called,
      type: tool.type,
      offered: { ...offer, name, path: `${path}.parameters` },
      namePath: `${path}.name`,
    };
  });
}

function toPlainName({ name, namespace }: ToolName) {
  if (namespace === undefined) return name;
  return namespace.endsWith('__') ? namespace + name : `${namespace}__${name}`;
}

function toFreeName(name: string, taken: ReadonlySet<string>) {
  let free = name.slice(0, LONGEST_NAME);
  for (let count = 2; taken.has(free); count += 1) {
    const suffix = `_${count}`;
    free = name.slice(0, LONGEST_NAME - suffix.length) + suffix;
  }
  return free;
}
