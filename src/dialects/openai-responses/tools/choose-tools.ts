import type { Tool, ToolChoice as RunToolChoice } from '../../../run.ts';
import { RunError } from '../../../run-error.ts';
import { isRunnableType, toCallType } from './tool-kinds.ts';
import { type ClientTool, type GivenTools, toOfferedName } from './read-tools.ts';
import type { ToolChoice } from './tool-schema.ts';

type Allowed = Extract<ToolChoice, { type: 'allowed_tools' }>['tools'][number];

/** What the model may call, and what it must. Throws `invalid-request` when that is a tool of the host's. */
export function chooseTools(
  choice: ToolChoice | null | undefined,
  { tools, hosted }: GivenTools,
): { tools: Tool[]; toolChoice: RunToolChoice } {
  const all = tools.map(({ offered }) => offered);
  if (typeof choice === 'string' || !choice) {
    if (choice === 'required' && all.length === 0 && hosted.length > 0) throw toHostedError();
    return { tools: all, toolChoice: { type: choice ?? 'auto' } };
  }
  if (choice.type === 'allowed_tools') {
    const allowed = tools.filter((tool) => choice.tools.some((one) => isMeant(one, tool)));
    if (choice.mode === 'required' && allowed.length === 0 && hosted.length > 0)
      throw toHostedError();
    return { tools: allowed.map(({ offered }) => offered), toolChoice: { type: choice.mode } };
  }
  return { tools: all, toolChoice: { type: 'tool', name: toChosenName(choice, tools) } };
}

function toChosenName(
  choice: Exclude<ToolChoice, string | { type: 'allowed_tools' }>,
  tools: readonly ClientTool[],
) {
  if (!isRunnableType(choice.type)) throw toHostedError();
  const callType = toCallType(choice.type);
  if (choice.type === 'function' || choice.type === 'custom') {
    const { name, namespace } = choice;
    return toOfferedName(tools, callType, { name, namespace: namespace ?? undefined });
  }
  const chosen = tools.find(({ type }) => toCallType(type) === callType);
  return chosen?.offered.name ?? choice.type;
}

function isMeant({ type, name, namespace }: Allowed, tool: ClientTool) {
  if (type === 'namespace') return tool.namespace === name;
  if (!isRunnableType(type) || toCallType(type) !== toCallType(tool.type)) return false;
  if (type !== 'function' && type !== 'custom') return true;
  return tool.name === name && tool.namespace === (namespace ?? undefined);
}

function toHostedError() {
  return new RunError(
    'invalid-request',
    'tool_choice asks for a tool that OpenAI runs, and this server has none of those; only tools that you run yourself can be called.',
    { param: 'tool_choice' },
  );
}
