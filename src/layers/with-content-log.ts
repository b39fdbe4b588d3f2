import { createPartCollector } from '../run-answer.ts';
import type { Message, Part, Run, RunRequest } from '../run.ts';

type ContentLog = { info(line: object, message: string): void };

/**
 * Logs what is asked and what is answered, a line of its own for each run. Only for operators who
 * switch it on (LOG_CONTENT). Images and documents are left out.
 */
export function withContentLog(run: Run, log: ContentLog): Run {
  return async function* withContent(request, signal) {
    const parts = createPartCollector();
    try {
      for await (const event of run(request, signal)) {
        parts.add(event);
        yield event;
      }
    } finally {
      const line = { requestId: request.caller.requestId, ...toAsked(request) };
      log.info({ ...line, answer: parts.all() }, 'content');
    }
  };
}

function toAsked({ instructions, messages, tools }: RunRequest) {
  return { instructions, messages: messages.map(toLogged), tools: tools.map(({ name }) => name) };
}

function toLogged({ role, parts }: Message) {
  return { role, parts: parts.map(withoutMedia) };
}

function withoutMedia(part: Part): object {
  if (part.type === 'image' || part.type === 'document') return { type: part.type };
  if (part.type !== 'tool-result') return part;
  return { ...part, content: part.content.map(withoutMedia) };
}
