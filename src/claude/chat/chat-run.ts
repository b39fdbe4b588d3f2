import type { Message, Part, ToolResultPart } from '../../run.ts';
import { type AnswerPart, createPartCollector } from '../../run-answer.ts';
import { RunError } from '../../run-error.ts';
import type { ReadAbilities } from './abilities.ts';
import type { ChatCosts } from './chat-costs.ts';
import { type ChatProcess, hold, holdReply, sayTurn, setTurn } from './chat-process.ts';
import type { ChatRequest, ChatRun } from './chat-request.ts';
import { type ChatTurn, toChatTurn } from './chat-turn.ts';
import { toCallEvents } from './enforced/forced-tool.ts';
import type { HistoryPace } from './histories/history-pace.ts';
import type { KeptProcesses } from './kept-processes.ts';
import type { OpenChat } from './open-chat.ts';
import { readChatEvents } from './read-chat-events.ts';
import { readEnforcedEvents } from './enforced/read-enforced-events.ts';
import type { SuspendedCalls } from './suspended-calls.ts';

export type ChatRunParts = {
  readAbilities: ReadAbilities;
  openChat: OpenChat;
  pace: HistoryPace;
  kept: KeptProcesses;
  suspended: SuspendedCalls;
  /** Ends the idle processes, because the API refused their login and there may be a new one by now. */
  retire: () => void;
  /** Who pays for a turn. */
  costs: ChatCosts;
};

/** Time for an interrupted CLI to end its turn, in milliseconds (18 measured), before it is ended itself. */
const LEAVE_MS = 1000;

/**
 * A run that gets a model: one API message. Its process is given back for the next request, or, if the
 * model called the caller's tools, waits for the request that brings the results.
 */
export function createChatRun(parts: ChatRunParts): ChatRun {
  const { readAbilities, openChat, pace, kept, suspended, retire, costs } = parts;
  return async function* chatRun(request, signal) {
    const abilities = await readAbilities();
    const turn = toChatTurn(request, abilities);
    const waiting = await suspended.take(turn);
    const chat = waiting?.chat ?? (await openChat(turn, signal));
    costs.charge(chat, request.caller);
    const leave = leaveWhenAborted(chat, signal);
    const outcome = { isInterrupted: false, isAnswered: false, isSuspended: false };
    try {
      signal.throwIfAborted();
      yield { type: 'run-progress', step: 'bound' };
      if (waiting) await answerCalls(chat, turn, waiting.results);
      else yield* sayTurn(chat, turn, abilities, signal, pace.noteReplayed);
      yield { type: 'run-progress', step: 'asked' };

      const said = createPartCollector();
      const willAsk = () => areAnswerable(said.all(), request);
      for await (const event of readTurn(chat, request, willAsk, outcome)) {
        said.add(event);
        if (event.type === 'run-end') {
          const reply = toMessage(said.all());
          outcome.isSuspended = event.finish === 'tool-calls' && willAsk();
          // The process holds an enforced answer in another form than the caller.
          outcome.isAnswered = !outcome.isInterrupted && !request.enforced;
          if (outcome.isSuspended || outcome.isAnswered) holdReply(chat, reply);
          if (outcome.isSuspended) suspended.keep(chat, turn, reply);
        }
        yield event;
      }
    } catch (error) {
      if (error instanceof RunError && error.code === 'not-logged-in') {
        retire();
        void chat.process.end();
      }
      throw signal.aborted ? signal.reason : error;
    } finally {
      leave.cancel();
      if (!outcome.isSuspended) kept.giveBack(chat, outcome.isAnswered && !signal.aborted);
    }
  };
}

/** Hands the results to the calls that wait for them. */
async function answerCalls(
  chat: ChatProcess,
  turn: ChatTurn,
  results: readonly ToolResultPart[],
): Promise<void> {
  await setTurn(chat, turn);
  for (const result of results) chat.tools.answer(result);
  for (const fingerprint of turn.fingerprints.slice(-1)) hold(chat, fingerprint);
}

/** Interrupts the turn when the signal aborts, so that the upstream connection closes at once. */
function leaveWhenAborted({ process }: ChatProcess, signal: AbortSignal) {
  let timer: NodeJS.Timeout | undefined;
  const leave = () => {
    interrupt(process);
    timer = setTimeout(() => void process.end(), LEAVE_MS).unref();
  };
  signal.addEventListener('abort', leave, { once: true });
  return {
    cancel() {
      signal.removeEventListener('abort', leave);
      clearTimeout(timer);
    },
  };
}

function interrupt(process: ChatProcess['process']) {
  process.request({ subtype: 'interrupt' }).catch(() => undefined);
}

function readTurn(
  { process, lines }: ChatProcess,
  { model, enforced }: ChatRequest,
  willAsk: () => boolean,
  outcome: { isInterrupted: boolean },
): ReturnType<ChatRun> {
  const reading = {
    model,
    interrupt() {
      outcome.isInterrupted = true;
      interrupt(process);
    },
    willAsk,
  };
  if (!enforced) return readChatEvents(lines, reading);
  const events = readEnforcedEvents(lines, reading);
  return enforced.tool ? toCallEvents(events, enforced.tool) : events;
}

/** Whether the CLI will ask for the result of every call; malformed ones and unknown tools it answers itself. */
function areAnswerable(parts: readonly AnswerPart[], { tools, enforced }: ChatRequest) {
  if (enforced?.tool) return false; // the CLI has answered its own tool
  return parts.every(
    (part) =>
      part.type !== 'tool-call' ||
      (tools.some(({ name }) => name === part.name) && isObject(readInput(part.input))),
  );
}

/** The answer as the caller will send it back. */
function toMessage(parts: readonly AnswerPart[]): Message {
  return { role: 'assistant', parts: parts.map(toPart).filter((part) => part !== undefined) };
}

function toPart(part: AnswerPart): Part | undefined {
  switch (part.type) {
    case 'text':
      return part;
    case 'tool-call':
      return { ...part, input: readInput(part.input) };
    case 'reasoning':
    case 'redacted-reasoning':
    case 'tool-result':
      return undefined;
  }
}

function readInput(json: string): unknown {
  try {
    return JSON.parse(json || '{}');
  } catch {
    return undefined;
  }
}

function isObject(value: unknown) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
