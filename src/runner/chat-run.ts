import type { Message, Part, Run, RunEvent, RunRequest } from '../run.ts';
import { type AnswerPart, createPartCollector } from '../run-answer.ts';
import { bindChat, setTurn, toEnforcedSchema } from './bind.ts';
import { createClientTools } from './client-tools.ts';
import { toCallEvents, toEnforcedTool } from './forced-tool.ts';
import { sayConversation } from './history.ts';
import type { LaunchProfile } from './launch.ts';
import { createLineReader } from './line-reader.ts';
import type { OpenProcess } from './processes.ts';
import { readChatEvents } from './read-chat-events.ts';
import { readEnforcedEvents } from './read-enforced-events.ts';
import type { BoundProcess, SuspendedCalls } from './suspended-calls.ts';

export type ChatRunParts = {
  openProcess: OpenProcess;
  profile: LaunchProfile;
  suspended: SuspendedCalls;
};

/**
 * A run that gets a model: one API message. A fresh process answers it and is thrown away, unless the
 * model called the caller's tools: then the process waits for the request that brings the results.
 */
export function createChatRun({ openProcess, profile, suspended }: ChatRunParts): Run {
  return async function* chat(request, signal) {
    // Made first: what is wrong with the tools is found before any process is touched.
    const tools = createClientTools(toEnforcedTool(request) ? [] : request.tools);
    const waiting = await suspended.take(request);
    const bound = waiting?.bound ?? toBound(await openProcess(profile, signal), tools);
    const { process } = bound;
    const leave = () => void process.end();
    signal.addEventListener('abort', leave, { once: true });
    let isKept = false;
    try {
      signal.throwIfAborted();
      if (waiting) {
        await setTurn(process, request);
        for (const result of waiting.results) bound.tools.answer(result);
      } else {
        const model = await bindChat(bound, request);
        await sayConversation(process, request.messages, model);
      }
      const parts = createPartCollector();
      const willAsk = () => areAnswerable(parts.all(), request);
      for await (const event of readTurn(bound, request, willAsk)) {
        parts.add(event);
        if (event.type === 'run-end' && event.finish === 'tool-calls' && willAsk()) {
          suspended.keep(bound, request, toMessage(parts.all()));
          isKept = true;
        }
        yield event;
      }
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener('abort', leave);
      if (!isKept) leave();
    }
  };
}

function toBound(process: BoundProcess['process'], tools: BoundProcess['tools']): BoundProcess {
  return { process, tools, lines: createLineReader(process.lines()) };
}

function readTurn(
  { process, lines }: BoundProcess,
  request: RunRequest,
  willAsk: () => boolean,
): AsyncIterable<RunEvent> {
  const reading = {
    model: request.model,
    interrupt: () => void process.request({ subtype: 'interrupt' }).catch(() => undefined),
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
