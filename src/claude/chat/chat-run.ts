import type { Message, Part, Run, RunRequest } from '../../run.ts';
import { type AnswerPart, createPartCollector } from '../../run-answer.ts';
import { RunError } from '../../run-error.ts';
import { toEnforcedSchema } from './bind.ts';
import { type ChatProcess, hold, sayRequest, setTurn } from './chat-process.ts';
import { createClientTools } from './client-tools.ts';
import { toCallEvents, toEnforcedTool } from './forced-tool.ts';
import type { KeptProcesses } from './kept-processes.ts';
import type { OpenChat } from './open-chat.ts';
import { readChatEvents } from './read-chat-events.ts';
import { readEnforcedEvents } from './read-enforced-events.ts';
import type { SuspendedCalls } from './suspended-calls.ts';

export type ChatRunParts = {
  openChat: OpenChat;
  kept: KeptProcesses;
  suspended: SuspendedCalls;
  /** Ends the processes that wait: the API refuses their login, and a new one may be there already. */
  retire: () => void;
};

/** Time for an interrupted CLI to end its turn, in milliseconds (18 measured), before it is ended itself. */
const LEAVE_MS = 1000;

/**
 * A run that gets a model: one API message. The process that answers it is given back for the next
 * request, unless the model called the caller's tools: then it waits for the request that brings the
 * results.
 */
export function createChatRun({ openChat, kept, suspended, retire }: ChatRunParts): Run {
  return async function* chatRun(request, signal) {
    // Made first: what is wrong with the tools is found before any process is touched.
    const tools = createClientTools(toEnforcedTool(request) ? [] : request.tools);
    const waiting = await suspended.take(request);
    const chat = waiting?.chat ?? (await openChat(request, tools, signal));
    const leave = leaveWhenAborted(chat, signal);
    const turn = { isInterrupted: false, isAnswered: false, isSuspended: false };
    try {
      signal.throwIfAborted();
      yield { type: 'run-progress', step: 'bound' };
      if (waiting) {
        await setTurn(chat, request);
        for (const result of waiting.results) chat.tools.answer(result);
        for (const message of request.messages.slice(-1)) hold(chat, message);
      } else yield* sayRequest(chat, request, signal);
      yield { type: 'run-progress', step: 'asked' };

      const parts = createPartCollector();
      const willAsk = () => areAnswerable(parts.all(), request);
      for await (const event of readTurn(chat, request, willAsk, turn)) {
        parts.add(event);
        if (event.type === 'run-end') {
          const reply = toMessage(parts.all());
          turn.isSuspended = event.finish === 'tool-calls' && willAsk();
          // What the CLI enforced it holds in another form than the caller.
          turn.isAnswered = !turn.isInterrupted && !toEnforcedSchema(request);
          if (turn.isSuspended || turn.isAnswered) hold(chat, reply);
          if (turn.isSuspended) suspended.keep(chat, request, reply);
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
      if (!turn.isSuspended) kept.giveBack(chat, turn.isAnswered && !signal.aborted);
    }
  };
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
  request: RunRequest,
  willAsk: () => boolean,
  turn: { isInterrupted: boolean },
): ReturnType<Run> {
  const reading = {
    model: request.model,
    interrupt() {
      turn.isInterrupted = true;
      interrupt(process);
    },
    willAsk,
  };
  const tool = toEnforcedTool(request);
  if (tool) return toCallEvents(readEnforcedEvents(lines, reading), tool);
  if (toEnforcedSchema(request)) return readEnforcedEvents(lines, reading);
  return readChatEvents(lines, reading);
}
/** Whether the CLI will ask for every call: malformed ones and unknown tools it answers by itself. */
function areAnswerable(parts: readonly AnswerPart[], request: RunRequest) {
  if (toEnforcedTool(request)) return false; // the CLI has answered its own tool
  return parts.every(
    (part) =>
      part.type !== 'tool-call' ||
      (request.tools.some(({ name }) => name === part.name) && isObject(readInput(part.input))),
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
