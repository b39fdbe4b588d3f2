import { createHash } from 'node:crypto';

import type { Message, RunEvent, RunRequest } from '../run.ts';
import type { Names } from './names.ts';
import type { ClusterRedis } from './open-redis.ts';
import type { Seal } from './seal.ts';

export type PlacementOptions = {
  cluster: ClusterRedis;
  names: Names;
  seal: Seal;
  /** How long workers keep what they hold, in milliseconds. */
  ttlMs: { calls: number; conversations: number; sessions: number };
};

/** Remembers which worker holds what; it is a hint for chats, which any worker can rebuild. */
export type Placement = {
  /** Keys under which stands the worker that holds the calls or the conversation of a chat, the best first. */
  listHeld: (request: RunRequest) => readonly string[];
  /** The home of an agent's session. */
  findSession: (sessionId: string) => Promise<string | undefined>;
  noteChat: (request: RunRequest, said: Said, worker: string) => Promise<void>;
  noteSession: (sessionId: string, home: string) => Promise<void>;
  forgetSession: (sessionId: string) => Promise<void>;
};

/** What an answer said, as far as it tells where it is. */
export type Said = { text: string; callIds: readonly string[] };

/** Prefixes of a conversation that are looked for, the longest first. */
const MOST_LOOKED_FOR = 3;

/** Makes the memory of who holds what. Redis learns neither texts nor ids, only what cannot be told from noise. */
export function createPlacement({ cluster, names, seal, ttlMs }: PlacementOptions): Placement {
  const toName = (kind: string, owner: string, what: string) =>
    names.held(seal.sign(JSON.stringify([kind, owner, what])));
  const note = (name: string, value: string, forMs: number) =>
    cluster.redis.set(name, value, 'PX', forMs);

  return {
    listHeld(request) {
      const { keyId } = request.caller;
      const calls = listResults(request).map((id) => toName('call', keyId, id));
      const held = toConversations(request.messages).map((one) =>
        toName('conversation', keyId, one),
      );
      return [...calls, ...held];
    },
    findSession: async (id) => (await cluster.redis.get(toName('session', '', id))) ?? undefined,
    async noteChat(request, said, worker) {
      const { keyId } = request.caller;
      for (const id of said.callIds) await note(toName('call', keyId, id), worker, ttlMs.calls);
      const parts = [{ type: 'text' as const, text: said.text }];
      const messages = [...request.messages, { role: 'assistant' as const, parts }];
      const [whole] = toConversations([...messages, { role: 'user', parts: [] }]);
      if (whole) await note(toName('conversation', keyId, whole), worker, ttlMs.conversations);
    },
    async noteSession(id, home) {
      await note(toName('session', '', id), home, ttlMs.sessions);
    },
    async forgetSession(id) {
      await cluster.redis.del(toName('session', '', id));
    },
  };
}

/** Reads along what an answer says. */
export function createListener() {
  let text = '';
  const callIds: string[] = [];
  const open = new Set<number>();
  return {
    said: (): Said => ({ text, callIds }),
    hear(event: RunEvent) {
      if (event.type === 'part-start') {
        if (event.part.type === 'text') open.add(event.index);
        if (event.part.type === 'tool-call') callIds.push(event.part.id);
      }
      if (event.type === 'part-delta' && open.has(event.index)) text += event.delta;
    },
  };
}

function listResults({ messages }: RunRequest) {
  const parts = messages.at(-1)?.parts ?? [];
  return parts.flatMap((part) => (part.type === 'tool-result' ? part.callId : []));
}

/** The beginnings of a conversation that end with an answer, as hashes, the longest first. */
function toConversations(messages: readonly Message[]): string[] {
  const hash = createHash('sha256');
  const found: string[] = [];
  for (const message of messages.slice(0, -1)) {
    hash.update(JSON.stringify([message.role, toTexts(message)]));
    if (message.role === 'assistant') found.unshift(hash.copy().digest('base64'));
  }
  return found.slice(0, MOST_LOOKED_FOR);
}

/** Texts alone: what clients send back differs in all else. */
function toTexts({ parts }: Message) {
  return parts
    .map((part) => (part.type === 'text' ? part.text : ''))
    .join('')
    .trim();
}
