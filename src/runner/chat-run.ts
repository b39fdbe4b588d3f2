import type { Message, Part, Run, RunEvent, RunRequest } from '../run.ts';
import { type AnswerPart, createPartCollector } from '../run-answer.ts';
import { bindChat, setTurn, toEnforcedSchema } from './bind.ts';
import { createClientTools } from './client-tools.ts';
import { sayConversation } from './history.ts';
import type { LaunchProfile } from './launch.ts';
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
    const waiting = await suspended.take(request);
    const bound = waiting?.bound ?? {
      process: await openProcess(profile, signal),
      tools: createClientTools(request.tools),
    };
    const { process, tools } = bound;
    const leave = () => void process.end();
    signal.addEventListener('abort', leave, { once: true });
    let isKept = false;
    try {
      signal.throwIfAborted();
      if (waiting) {
        await setTurn(process, request);
        for (const result of waiting.results) tools.answer(result);
      } else {
        await bindChat(bound, request);
        await sayConversation(process, request.messages);
      }
      const parts = createPartCollector();
      for await (const event of readTurn(bound, request)) {
        parts.add(event);
        if (event.type === 'run-end' && event.finish === 'tool-calls') {
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

function readTurn({ process }: BoundProcess, request: RunRequest): AsyncIterable<RunEvent> {
  const read = toEnforcedSchema(request.output) ? readEnforcedEvents : readChatEvents;
  return read(process.lines(), {
    model: request.model,
    interrupt: () => void process.request({ subtype: 'interrupt' }).catch(() => undefined),
  });
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
    return json;
  }
}
