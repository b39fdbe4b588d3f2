import { randomUUID } from 'node:crypto';

import type { Message, RunProgress } from '../../run.ts';
import { within } from '../../common/within.ts';
import type { CliProcess } from '../process/cli-process.ts';
import type { LineReader } from '../process/lines.ts';
import { toAssistantLine, toUserLine } from '../process/input-lines.ts';
import { toBlocks } from '../process/to-blocks.ts';
import { HEARD } from '../process/to-run-event.ts';
import type { Abilities } from './abilities.ts';
import { adapt, canAdapt } from './bind.ts';
import type { ChatTurn } from './chat-turn.ts';
import type { ClientTools } from './client-tools.ts';
import { type Fingerprint, isSameMessage, toFingerprint } from './fingerprint.ts';
import type { HistoryPace } from './histories/history-pace.ts';
import { rewind } from './rewind.ts';

/** A process that serves somebody, and what it holds of a conversation. */
export type ChatProcess = {
  process: CliProcess;
  lines: LineReader;
  /** The key of its caller. */
  keyId: string;
  /** Whom it serves, for its life. */
  identity: string;
  /** What cannot change while it holds messages: the model and how it thinks (`Identity`). */
  conversation: string;
  instructions: string | undefined;
  tools: ClientTools;
  /** Equal for equal tools; `undefined` for none. */
  toolsKey: string | undefined;
  /** Whether it was ever given tools. */
  hadTools: boolean;
  /** The conversation in it, message by message. */
  held: HeldMessage[];
  /** All settings of the last turn, as JSON; `undefined` when they are not known. */
  settings: string | undefined;
  /** How many turns have begun, replayed messages included; each ends with one `result` line. */
  begun: number;
};

/** `uuid` is the CLI's id of a user message; it can rewind only to those. */
type HeldMessage = { fingerprint: Fingerprint; uuid: string | undefined };

/** A process that takes longer to answer a control request, in milliseconds, is stuck. */
const REPLY_MS = 2000;

/** Time for the CLI to finish a turn whose answer is complete, in milliseconds; 18 ms measured. */
const SETTLE_MS = 5000;

/**
 * Sends what the process does not have yet: the settings of the turn, tools and instructions, the
 * messages in between, and the last one, which starts the turn.
 */
export async function* sayTurn(
  chat: ChatProcess,
  turn: ChatTurn,
  abilities: Pick<Abilities, 'refusingModels'>,
  signal: AbortSignal,
  noteReplayed: HistoryPace['noteReplayed'] = () => {},
): AsyncIterable<RunProgress> {
  await prepareTurn(chat, turn, abilities);
  const [startedAt, begun] = [performance.now(), chat.begun];
  yield* replay(chat, turn, turn.request.messages.length - 1, signal);
  noteReplayed(chat.begun - begun, performance.now() - startedAt);
  signal.throwIfAborted();
  const [last, fingerprint] = [turn.request.messages.at(-1), turn.fingerprints.at(-1)];
  if (last && fingerprint) sayUser(chat, last, fingerprint);
}

/** Brings the process to the settings, tools and instructions of the turn. */
export async function prepareTurn(
  chat: ChatProcess,
  turn: ChatTurn,
  abilities: Pick<Abilities, 'refusingModels'>,
): Promise<void> {
  await setTurn(chat, turn);
  await adapt(chat, turn, abilities);
}

/** Applies the settings of the turn. That takes 15–30 ms, so it is skipped where they are applied already. */
export async function setTurn(chat: ChatProcess, turn: ChatTurn): Promise<void> {
  const { settings } = turn;
  const json = JSON.stringify(settings);
  chat.conversation = turn.identity.conversation;
  if (chat.settings === json) return;
  chat.settings = undefined; // until the CLI has confirmed them
  await chat.process.request({ subtype: 'apply_flag_settings', settings });
  chat.settings = json;
}

/**
 * Replays those of the turn's first `count` messages that the process does not hold yet, with their true
 * roles; none of them is answered. Replies carry the full id of the turn's model, because the CLI keeps
 * only that model's thinking, and the API wants it beside tool calls. Each user message has to be
 * confirmed before the reply to it is sent: in one burst, replies overtake user messages.
 */
export async function* replay(
  chat: ChatProcess,
  { request, fingerprints, model }: ChatTurn,
  count: number,
  signal: AbortSignal,
): AsyncIterable<RunProgress> {
  for (let index = chat.held.length; index < count; index += 1) {
    signal.throwIfAborted();
    const message = request.messages[index] as Message; // within its length
    const fingerprint = fingerprints[index] as Fingerprint; // one for each message
    const blocks = toBlocks(message.parts);
    if (blocks.length === 0) hold(chat, fingerprint);
    else if (message.role === 'assistant') {
      chat.process.send(toAssistantLine(blocks, model));
      hold(chat, fingerprint);
    } else {
      sayUser(chat, message, fingerprint, { isHistory: true });
      await readToResult(chat);
      yield HEARD;
    }
  }
}

/** Notes that the process holds a message that was not sent in a line of its own. */
export function hold(chat: ChatProcess, fingerprint: Fingerprint, uuid?: string): void {
  chat.held.push({ fingerprint, uuid });
}

/** Notes that the process holds what the model said. */
export function holdReply(chat: ChatProcess, reply: Message): void {
  hold(chat, toFingerprint(reply));
}

/**
 * How many of the turn's messages the process could keep; the last one is always sent again. `undefined`
 * when it cannot serve the turn at all. Only the first `most` messages that it holds count (default: all).
 */
export function countKept(
  chat: ChatProcess,
  turn: ChatTurn,
  most = chat.held.length,
): number | undefined {
  if (chat.identity !== turn.identity.process || !canAdapt(chat, turn)) return undefined;
  if (!canGoOn(chat, turn)) return 0;
  const said = turn.fingerprints.slice(0, -1);
  const held = chat.held.slice(0, toTarget(chat.held, most));
  const differs = held.findIndex(({ fingerprint }, index) => {
    const sent = said[index];
    return !sent || !isSameMessage(fingerprint, sent);
  });
  return differs === -1 ? held.length : toTarget(held, differs);
}

/** Whether the turn can go on with the conversation in the process. */
function canGoOn(chat: ChatProcess, turn: ChatTurn) {
  return (
    chat.conversation === turn.identity.conversation &&
    chat.toolsKey === turn.tools.key &&
    (chat.instructions === turn.instructions || turn.rebinding === 'always')
  );
}

/**
 * Rewinds to the first `count` messages. Resolves with whether the CLI confirmed that in time; if not, it is
 * unknown what the process holds.
 */
export async function rewindTo(
  chat: ChatProcess,
  count: number,
  replyMs = REPLY_MS,
): Promise<boolean> {
  if (count === chat.held.length) return true;
  const target = chat.held[toTarget(chat.held, count)];
  const last = chat.held.findLast(({ uuid }) => uuid !== undefined);
  if (!target?.uuid || !last?.uuid) return false;
  const isRewound = await within(rewind(chat.process, target.uuid, last.uuid), replyMs);
  chat.held.length = chat.held.indexOf(target);
  return isRewound ?? false;
}

/** Waits until the CLI has finished the turn, ignoring what it still writes. Resolves with whether it has. */
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

function sayUser(
  chat: ChatProcess,
  message: Message,
  fingerprint: Fingerprint,
  options?: { isHistory: boolean },
) {
  const uuid = randomUUID();
  chat.process.send(toUserLine(toBlocks(message.parts), uuid, options));
  chat.begun += 1;
  hold(chat, fingerprint, uuid);
}

/** The last position up to `count` to which the CLI can rewind: a user message, or the end. */
function toTarget(held: readonly HeldMessage[], count: number) {
  let target = count;
  while (target > 0 && target < held.length && held[target]?.uuid === undefined) target -= 1;
  return target;
}
