import type { AgentEvent, Run, RunEnd, RunEvent, RunProgress, RunStart } from './run.ts';
import { RunError } from './run-error.ts';
import type { InputRequest, InputSettled } from './run-input.ts';

/** A whole answer: what a run's events add up to. */
export type RunAnswer = { start: RunStart; parts: readonly AnswerPart[]; end: RunEnd };

export type AnswerPart =
  | { type: 'text'; text: string }
  | { type: 'reasoning'; text: string; signature: string | undefined }
  | { type: 'redacted-reasoning'; data: string }
  /** `input` is the JSON text as the model wrote it. */
  | { type: 'tool-call'; id: string; name: string; input: string }
  | { type: 'tool-result'; callId: string; isError: boolean; text: string };

/** Reads a run to its end. Throws what the run throws. */
export async function collectRun(events: ReturnType<Run>): Promise<RunAnswer> {
  let start: RunStart | undefined;
  const parts = createPartCollector();

  for await (const event of events) {
    if (event.type === 'run-start') start = event;
    else if (event.type !== 'run-end') parts.add(event);
    else if (start) return { start, parts: parts.all(), end: event };
  }
  throw new RunError('internal', 'The run ended without an answer.');
}

/** The events of the answer alone. */
export async function* toAnswerEvents(events: ReturnType<Run>): AsyncGenerator<RunEvent> {
  for await (const event of events) if (event.type !== 'run-progress') yield event;
}

/** What only runs of agents have beside their answer. */
type AgentOnly = AgentEvent | InputRequest | InputSettled;

const AGENT_ONLY = {
  'subagent-part': true,
  denial: true,
  'user-message': true,
  task: true,
  'approval-request': true,
  question: true,
  'plan-review': true,
  'tool-request': true,
  'input-settled': true,
} satisfies Record<AgentOnly['type'], true>;

/** Whether only runs of agents have such an event: it is no part of an answer. */
export function isAgentOnly<Event extends { type: string }>(
  event: Event,
): event is Extract<Event, AgentOnly> {
  return Object.hasOwn(AGENT_ONLY, event.type);
}

/** Puts parts together from the events that stream them. */
export function createPartCollector() {
  const parts = new Map<number, AnswerPart>();
  return {
    add(event: RunEvent | RunProgress) {
      if (event.type === 'part-start') parts.set(event.index, toEmptyPart(event.part));
      else if (event.type === 'part-delta') append(parts.get(event.index), event.delta);
      else if (event.type === 'part-signature') sign(parts.get(event.index), event.signature);
    },
    all: (): readonly AnswerPart[] => [...parts.values()],
  };
}

/** The visible text of an answer. */
export function toText({ parts }: RunAnswer): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function toEmptyPart(part: Extract<RunEvent, { type: 'part-start' }>['part']): AnswerPart {
  switch (part.type) {
    case 'text':
    case 'tool-result':
      return { ...part, text: '' };
    case 'reasoning':
      return { ...part, text: '', signature: undefined };
    case 'tool-call':
      return { ...part, input: '' };
    case 'redacted-reasoning':
      return part;
  }
}

function append(part: AnswerPart | undefined, delta: string) {
  if (part?.type === 'tool-call') part.input += delta;
  else if (part && part.type !== 'redacted-reasoning') part.text += delta;
}

function sign(part: AnswerPart | undefined, signature: string) {
  if (part?.type === 'reasoning') part.signature = signature;
}
