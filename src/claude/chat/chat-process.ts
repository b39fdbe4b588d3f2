import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import type { Message, RunProgress, RunRequest } from '../../run.ts';
import { within } from '../../within.ts';
import type { AgentProcess } from '../process/cli-process.ts';
import { initializeChat, toBinding, toTurnSettings } from './bind.ts';
import type { ClientTools } from './client-tools.ts';
import { toComparable } from './comparable-message.ts';
import { toBlocks } from '../process/to-blocks.ts';
import { HEARD } from '../process/to-run-event.ts';
import { createLineReader, type LineReader } from '../process/line-reader.ts';
import { toAssistantLine, toUserLine } from '../process/protocol.ts';
import type { Spare } from '../spares.ts';

/**
 * A process that was told whom it serves (instructions, tools, schema: once in its life), and what it
 * holds of a conversation.
 */
export type ChatProcess = {
  process: AgentProcess;
  lines: LineReader;
  tools: ClientTools;
  /** Whom it serves; a request with another binding needs another process. */
  binding: string;
  /** The conversation in it, message by message. */
  held: HeldMessage[];
  /** Model, effort and thinking of the last turn: in the middle of a conversation they cannot change. */
  course: string;
  /** All settings of the last turn, as JSON; `undefined` when they are not known. */
  settings: string | undefined;
  /** Full ids by the models' aliases, as the CLI said. */
  models: ReadonlyMap<string, string>;
  /** Turns begun, earlier messages included: each is owed one `result`. */
  begun: number;
};

/** `uuid` is how the CLI knows a message of the caller's; only to those can it go back. */
type HeldMessage = { comparable: string; uuid: string | undefined };

/** A control request that is not answered by then means that the process is stuck. */
const REPLY_MS = 2000;

/** Time for the CLI to come to the end of a turn whose answer is over, in milliseconds; 18 ms measured. */
const SETTLE_MS = 5000;

/** The reply to `rewind_conversation`, seen from CLI 2.1.330. The request is undocumented. */
export const Rewound = z.object({ rewound: z.literal(true) });

/** Tells a process that is already up whom it serves. */
export async function bindProcess(
  { process, settings }: Spare,
  tools: ClientTools,
  request: RunRequest,
): Promise<ChatProcess> {
  process.serve(tools.handler);
  const models = await initializeChat(process, tools, request);
  return {
    process,
    tools,
    models,
    lines: createLineReader(process.lines()),
    binding: toBinding(request),
    held: [],
    course: '',
    settings,
    begun: 0,
  };
}

/**
 * Says what the process does not hold yet: the settings of the turn, the messages between, and the last
 * one, which starts the turn.
 */
export async function* sayRequest(
  chat: ChatProcess,
  request: RunRequest,
  signal: AbortSignal,
): AsyncIterable<RunProgress> {
  await setTurn(chat, request);
  yield* replay(chat, request.messages.slice(0, -1), { model: request.model, signal });
  signal.throwIfAborted();
  const last = request.messages.at(-1);
  if (last) sayUser(chat, last);
}

/** Sets what holds for the turn. It costs 15–30 ms, and is spared where the process has just that. */
export async function setTurn(chat: ChatProcess, request: RunRequest): Promise<void> {
  const settings = toTurnSettings(request);
  const json = JSON.stringify(settings);
  chat.course = toCourse(request);
  if (chat.settings === json) return;
  chat.settings = undefined; // until the CLI has confirmed them
  await chat.process.request({ subtype: 'apply_flag_settings', settings });
  chat.settings = json;
}

/**
 * Replays those messages that the process does not hold yet, with their true roles; none of them is
 * answered. The CLI keeps the thinking in those of the model that goes on, known by its full id: the
 * API wants it beside tool calls. Each message of the caller's must be confirmed before the reply to it
 * goes in: written in one burst, the replies overtake.
 */
export async function* replay(
  chat: ChatProcess,
  messages: readonly Message[],
  { model, signal }: { model: string; signal: AbortSignal },
): AsyncIterable<RunProgress> {
  for (const message of messages.slice(chat.held.length)) {
    signal.throwIfAborted();
    const blocks = toBlocks(message.parts);
    if (blocks.length === 0) hold(chat, message);
    else if (message.role === 'assistant') {
      chat.process.send(toAssistantLine(blocks, chat.models.get(model) ?? model));
      hold(chat, message);
    } else {
      sayUser(chat, message, { isHistory: true });
      await readToResult(chat);
      yield HEARD;
    }
  }
}

/** Notes that the process holds a message, though it was not told in a line of its own. */
export function hold(chat: ChatProcess, message: Message, uuid?: string): void {
  chat.held.push({ comparable: toComparable(message), uuid });
}

/** How many messages of the request the process could keep: the last one is always said anew. */
export function countKept({ held, course }: ChatProcess, request: RunRequest): number {
  if (course !== toCourse(request)) return 0;
  let common = 0;
  for (const message of request.messages.slice(0, -1)) {
    if (held[common]?.comparable !== toComparable(message)) break;
    common += 1;
  }
  return common === held.length ? common : toTarget(held, common);
}

/**
 * Goes back to the first messages. Resolves with whether the CLI confirmed it; if not, what the process
 * holds is not known any more.
 */
export async function rewindTo(chat: ChatProcess, count: number): Promise<boolean> {
  if (count === chat.held.length) return true;
  const target = chat.held[toTarget(chat.held, count)];
  const last = chat.held.findLast(({ uuid }) => uuid !== undefined);
  if (!target?.uuid || !last?.uuid) return false;
  const asked = chat.process.request({
    subtype: 'rewind_conversation',
    target_message_uuid: target.uuid,
    last_seen_user_message_uuid: last.uuid,
  });
  const reply = await within(asked, REPLY_MS).catch(() => undefined);
  chat.held.length = chat.held.indexOf(target);
  return Rewound.safeParse(reply).success;
}

/**
 * Waits until the CLI has come to the end of the turn, whatever it still says. Resolves with whether it
 * has.
 */
export async function settle(chat: ChatProcess): Promise<boolean> {
  return (await within(readToResult(chat), SETTLE_MS)) ?? false;
}

async function readToResult({ lines, ...chat }: ChatProcess) {
  while (lines.results < chat.begun) {
    if (!(await lines.peek())) return false;
    lines.skip();
  }
  return true;
}

function sayUser(chat: ChatProcess, message: Message, options?: { isHistory: boolean }) {
  const uuid = randomUUID();
  chat.process.send(toUserLine(toBlocks(message.parts), uuid, options));
  chat.begun += 1;
  hold(chat, message, uuid);
}

/** The last place, at or before this one, to which the CLI can go back. */
function toTarget(held: readonly HeldMessage[], count: number) {
  let target = count;
  while (target > 0 && held[target]?.uuid === undefined) target -= 1;
  return target;
}

function toCourse({ model, effort, thinking }: RunRequest) {
  return JSON.stringify([model, effort, thinking]);
}
