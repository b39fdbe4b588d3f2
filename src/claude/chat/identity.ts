import { hash } from 'node:crypto';

import type { Caller, Sampling } from '../../run.ts';
import type { ChatRequest } from './chat-request.ts';

/**
 * How long a process is bound to a field's value: for its life, as long as it holds anything of a
 * conversation, until its turn is over (a tool's result goes on with the turn of its call), for one API
 * message, or not at all.
 */
type Lifetime = 'process' | 'conversation' | 'turn' | 'message' | 'none';

/** A field without a row does not compile: whoever adds one has to decide how long it binds. */
type Lifetimes<Fields> = { [Name in keyof Required<Fields>]: Lifetime };

const REQUEST = {
  // In mid-conversation the CLI would write the change into it.
  model: 'conversation',
  effort: 'conversation',
  thinking: 'conversation',
  // A live process takes others, but not while it waits for a tool's result.
  instructions: 'turn',
  tools: 'turn',
  // Read by the CLI from its settings before each API message (CLI 2.1.330, by bytes).
  toolChoice: 'message',
  parallelToolCalls: 'message',
  serviceTier: 'message',
  output: 'message',
  enforced: 'process',
  // Compared one by one.
  messages: 'none',
  agent: 'none',
  // Read only by the gate.
  isPatient: 'none',
  isPlaced: 'none',
  // Read only by a cluster.
  isWhole: 'none',
  tags: 'none',
} satisfies Lifetimes<Omit<ChatRequest, 'sampling' | 'caller'>>;

const SAMPLING = {
  temperature: 'message',
  topP: 'message',
  topK: 'message',
  stop: 'message',
  // Fixed as the turn begins (CLI 2.1.330, by bytes).
  maxOutputTokens: 'turn',
} satisfies Lifetimes<Sampling>;

const CALLER = {
  keyId: 'process',
  user: 'process',
  requestId: 'none',
  trace: 'none',
} satisfies Lifetimes<Caller>;

/** What a process has to have in common with a request, as hashes; each holds the ones before it. */
export type Identity = {
  /** To serve it at all. */
  process: string;
  /** To go on with a conversation that it holds. */
  conversation: string;
  /** To go on with a turn that waits for tool results. */
  turn: string;
};

/** Names what a request binds a process to. */
export function toIdentity(request: ChatRequest): Identity {
  const process = toHash([pick(request, 'process')]);
  const conversation = toHash([process, pick(request, 'conversation')]);
  return { process, conversation, turn: toHash([conversation, pick(request, 'turn')]) };
}

/** Names a value by its JSON. */
export function toHash(value: unknown): string {
  return hash('sha256', JSON.stringify(value), 'base64');
}

function pick(request: ChatRequest, lifetime: Lifetime): unknown[] {
  const { sampling, caller } = request;
  return [
    pickFrom(request, REQUEST, lifetime),
    pickFrom(sampling, SAMPLING, lifetime),
    pickFrom(caller, CALLER, lifetime),
  ];
}

function pickFrom(
  values: object,
  lifetimes: Readonly<Record<string, Lifetime>>,
  lifetime: Lifetime,
): unknown[] {
  return Object.entries(lifetimes)
    .filter(([, bound]) => bound === lifetime)
    .map(([name]) => [name, values[name as keyof typeof values]]);
}
