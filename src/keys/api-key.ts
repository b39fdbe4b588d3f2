import { z } from 'zod';

import { isHostEntry } from '../common/host-list.ts';
import { MOST_TAGS, TAG, TAG_WORDS } from '../common/tags.ts';
import type { PermissionMode } from '../run.ts';
import { readToolRule } from '../tool-rule.ts';

/** `chat` asks models, `agent` uses `/api`, `admin` sees what concerns the whole server. */
export const SCOPES = ['chat', 'agent', 'admin'] as const;

export type Scope = (typeof SCOPES)[number];

export const PERMISSION_MODES = [
  'dontAsk',
  'ask',
  'acceptEdits',
  'plan',
  'bypassPermissions',
] as const satisfies readonly PermissionMode[];

const Count = z.int().positive();

/** What a key may do. What is left out is not limited, unless it says otherwise. */
export const KeyRules = z.strictObject({
  scopes: z.array(z.enum(SCOPES)).min(1),
  /** By any name that the caller or the CLI's catalogue has for them. */
  models: z
    .array(z.string().regex(/^[\w][\w.:@/[\]-]{0,255}$/))
    .min(1)
    .optional(),
  requestsPerMinute: Count.optional(),
  /** Input, output and cache together, as the answers tell them. */
  tokensPerMinute: Count.optional(),
  tokensPerDay: Count.optional(),
  /** Requests under way, those in the queue among them. */
  runningAtOnce: Count.optional(),
  /** What agents and chats cost, as the CLI reckons it. */
  usdPerDay: z.number().positive().max(1_000_000).optional(),
  /** What one run of an agent may cost, as the CLI reckons it. */
  usdPerRun: z.number().positive().max(1_000_000).optional(),
  /** Longest time of an agent's run; that in which it waits does not count. */
  secondsPerRun: Count.max(2_000_000).optional(),
  /** Runs of agents that go on or wait in the background. */
  backgroundRuns: Count.optional(),
  /** Runs of agents that wait for an answer of their caller. */
  waitingRuns: Count.optional(),
  /** Of the operator's, those whose MCP servers its agents may name; `*` is all. None when left out. */
  mcpHosts: z
    .array(z.string().refine((text) => text === '*' || isHostEntry(text), 'must be a host'))
    .min(1)
    .optional(),
  /** Its requests are carried out only where all of these tags are: on certain workers, or with a certain login. */
  tags: z
    .array(z.string().regex(TAG, `must be ${TAG_WORDS}`))
    .min(1)
    .max(MOST_TAGS)
    .optional(),
  permissionModes: z.array(z.enum(PERMISSION_MODES)).min(1).optional(),
  /** In the CLI's notation. Only a whole tool (`Bash`) is a wall; who is denied `Bash(id)` says it otherwise. */
  deniedTools: z
    .array(
      z
        .string()
        .refine(
          (text) => readToolRule(text) !== undefined,
          'must be one tool, as `Bash` or `Bash(git push *)`',
        ),
    )
    .min(1)
    .optional(),
});

export type KeyRules = z.infer<typeof KeyRules>;

const Identity = z.object({
  id: z.string().regex(/^key-[\da-f]{8}$/),
  /** For people, and for the log. */
  name: z.string().regex(/^[\w][\w.@-]{0,63}$/, 'letters, digits and . @ _ - only, at most 64'),
  createdAt: z.iso.datetime(),
});

/** A key to be added: a chat key unless it says otherwise. */
export const NewKey = z.strictObject({
  name: Identity.shape.name,
  ...KeyRules.shape,
  scopes: KeyRules.shape.scopes.default(['chat']),
});

export type NewKey = z.infer<typeof NewKey>;

const MONTH_SECONDS = 30 * 86_400;

/** How long the old text of a key goes on when it gets a new one: a day unless it is said, at most 30. */
export const Rotation = z.strictObject({
  overlapSeconds: z.int().nonnegative().max(MONTH_SECONDS).default(86_400),
});

export type Rotation = z.infer<typeof Rotation>;

/** A key as it may be shown; what is more is left out. */
export const ShownKey = z.object({
  ...Identity.shape,
  ...KeyRules.shape,
  /** Until then the text that it had before it was rotated is good, too. */
  previousUntil: z.iso.datetime().optional(),
});

export type ShownKey = z.infer<typeof ShownKey>;

const Hash = z.string().regex(/^[\da-f]{64}$/);

/** A key as the file keeps it: never the key itself. */
export const StoredKey = z.strictObject({
  ...ShownKey.shape,
  /** SHA-256 in hexadecimal digits. A key has 256 random bits, so a slow hash would add nothing. */
  hash: Hash,
  /** Of the text before; good until `previousUntil`. */
  previousHash: Hash.optional(),
});

export type StoredKey = z.infer<typeof StoredKey>;

/** Who asks, and what that key may do. */
export type ApiKey = KeyRules & Pick<StoredKey, 'id' | 'name'>;

/** The key in PROXY_API_KEY or in the state folder: it may do everything. */
export const OWNER: ApiKey = {
  id: 'default',
  name: 'owner',
  scopes: [...SCOPES],
  mcpHosts: ['*'],
};
