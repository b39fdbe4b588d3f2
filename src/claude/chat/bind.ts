import { RunError } from '../../run-error.ts';
import type { CliProcess } from '../process/cli-process.ts';
import { createLineReader } from '../process/lines.ts';
import type { Spare } from '../spares.ts';
import type { Abilities } from './abilities.ts';
import type { ChatProcess } from './chat-process.ts';
import type { ChatTurn, OfferedTools } from './chat-turn.ts';

/**
 * Makes a chat of a process that is up. A spare may be initialized already, without instructions and
 * tools; it gets the turn's by `adapt`. Any other is initialized now.
 */
export async function bindProcess(
  { process, settings, isBound }: Spare,
  { request, instructions, tools, identity }: ChatTurn,
): Promise<ChatProcess> {
  process.serve(tools.client.handler);
  if (!isBound) {
    const jsonSchema = request.enforced?.schema;
    await initialize(process, instructions, {
      ...tools.client.manifest,
      ...(jsonSchema && { jsonSchema }),
    });
  }
  return {
    process,
    lines: createLineReader(process.lines()),
    identity: identity.process,
    keyId: request.caller.keyId,
    conversation: '',
    instructions: isBound ? undefined : instructions,
    tools: tools.client,
    toolsKey: isBound ? undefined : tools.key,
    hadTools: !isBound && tools.key !== undefined,
    held: [],
    settings,
    begun: 0,
  };
}

/** Initializes a process; resolves with what the CLI says about itself. */
export function initialize(
  process: CliProcess,
  instructions?: string,
  more: Record<string, unknown> = {},
): Promise<unknown> {
  return process.request({
    subtype: 'initialize',
    ...more,
    // Always sent: without it the CLI uses an agent's prompt of 4,500 characters.
    systemPrompt: instructions === undefined ? [] : [instructions],
    // With a snapshot the process would keep its first instructions for good.
    systemPromptSnapshot: false,
  });
}

/** Whether the process can be given what the turn needs, by `adapt`. */
export function canAdapt(chat: ChatProcess, turn: ChatTurn): boolean {
  const canChange = turn.rebinding === 'always' || turn.rebinding === 'when-empty';
  const takesTools =
    chat.toolsKey === turn.tools.key ||
    // For a name in both lists, a second list keeps the first one's tool (CLI 2.1.332).
    (canChange && (turn.tools.key === undefined || !chat.hadTools));
  const takesInstructions =
    chat.instructions === turn.instructions ||
    // Instructions can be replaced, but not removed.
    (canChange && turn.instructions !== undefined);
  return takesTools && takesInstructions;
}

/**
 * Gives a live process the turn's tools and instructions where they differ. The settings of the turn must
 * be applied before: the CLI changes the instructions of the model that is set.
 */
export async function adapt(
  chat: ChatProcess,
  turn: ChatTurn,
  { refusingModels }: Pick<Abilities, 'refusingModels'>,
): Promise<void> {
  if (chat.toolsKey !== turn.tools.key) await offer(chat, turn.tools);
  if (chat.instructions === turn.instructions) return;
  try {
    await chat.process.request({
      subtype: 'set_model',
      model: turn.model,
      system_prompt: turn.instructions,
      only_if_model_is_current: true,
    });
  } catch (cause) {
    refusingModels.add(turn.model);
    void chat.process.end();
    throw new RunError('cli-failed', 'The claude CLI did not take the instructions; try again.', {
      cause,
    });
  }
  chat.instructions = turn.instructions;
}

async function offer(chat: ChatProcess, { client, key }: OfferedTools) {
  chat.tools = client;
  chat.process.serve(client.handler);
  chat.toolsKey = key;
  if (key === undefined) await chat.process.request({ subtype: 'mcp_set_servers', servers: {} });
  else {
    chat.hadTools = true;
    await chat.process.request({ subtype: 'initialize', ...client.manifest });
  }
}
