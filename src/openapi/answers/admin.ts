import { z } from 'zod';

import { ShownKey } from '../../keys/api-key.ts';

const Count = z.int().nonnegative();
const Time = z
  .number()
  .nonnegative()
  .nullable()
  .describe('Milliseconds; null where it did not come.');

const Quantiles = z.object({ p50: Time, p95: Time }).nullable();

/** The answer of `GET /ready`. */
export const Readiness = z.object({
  status: z.enum(['ready', 'not-ready']),
  reasons: z.array(
    z.enum(['cli-silent', 'not-logged-in', 'redis-lost', 'no-worker', 'draining', 'queue-full']),
  ),
  warnings: z.array(
    z.enum([
      'limits-in-memory',
      'nothing-stored',
      'plan-limit-reached',
      'plan-limit-near',
      'cli-outdated',
      'cli-untried',
    ]),
  ),
});

/** The answer of `GET /api/admin/status`. */
export const ServerStatus = z.object({
  version: z.string(),
  uptimeSeconds: Count,
  isDraining: z.boolean(),
  queue: z.object({ waiting: Count, running: Count, concurrency: Count, maxWaiting: Count }),
  processes: z.record(z.string(), Count).describe('CLI processes alive, by what they do.'),
  sessions: Count,
  cli: z.object({
    version: z.string(),
    loggedIn: z.boolean().nullable(),
    account: z.string().nullable(),
  }),
  refusals: z
    .array(z.object({ model: z.string(), param: z.string(), expiresAt: z.iso.datetime() }))
    .describe(
      'What models refused: with the same values it is left out until then, and an `output_config.format` left to the CLI.',
    ),
  planLimits: z
    .array(
      z.object({
        window: z.string().describe('`five_hour`, `seven_day` and others, as the CLI names them.'),
        used: z.number().describe('The share that is used up, 0 to 1.'),
        isReached: z.boolean().describe('Whether requests are refused until it begins anew.'),
        resetsAt: z.iso.datetime(),
      }),
    )
    .describe("How far the account's plan is used up; empty where that is not known."),
  troubles: z
    .array(z.object({ name: z.string(), advice: z.string() }))
    .describe('What needs a person, by the names of `/ready`, and what to do.'),
  cluster: z
    .object({
      isConnected: z.boolean().describe('Whether its Redis answers.'),
      workers: z.array(
        z.object({
          id: z.string(),
          host: z.string(),
          version: z.string(),
          cliVersion: z.string(),
          places: Count,
          running: Count,
          isDraining: z.boolean(),
          loggedIn: z.boolean().nullable(),
          account: z.string().nullable(),
          tags: z.array(z.string()),
          seenAt: z.iso.datetime(),
        }),
      ),
    })
    .optional()
    .describe('Present where several machines work as one.'),
});

/** What becomes of a worker: one that drains takes nothing more, and goes on with what it has. */
export const WorkerChange = z.strictObject({ isDraining: z.boolean() });

export type WorkerChange = z.infer<typeof WorkerChange>;

/** The answer of `PATCH /api/admin/workers/{id}`. */
export const ChangedWorker = z.object({ id: z.string(), isDraining: z.boolean() });

/** The answer of `DELETE /api/admin/workers/{id}`. */
export const RemovedWorker = z.object({ id: z.string(), removed: z.literal(true) });

/** A server of a cluster. */
const NamedServer = z.object({ id: z.string(), host: z.string() });

/** A run, going on or ended. */
const ListedRun = z.object({
  id: z.string(),
  key: z.string(),
  dialect: z.string(),
  isAgent: z.boolean(),
  model: z.string(),
  startedAt: z.iso.datetime(),
  ms: z.number(),
  queuedMs: Time,
  boundMs: Time,
  firstTokenMs: Time,
  tokens: z.object({ input: Count, output: Count }),
  costUsd: z.number().nullable(),
  outcome: z.string().describe('`running`, how it finished, or the code of its failure.'),
  front: NamedServer.nullable().describe('In a cluster, the front that has its caller.'),
  worker: NamedServer.nullable().describe('In a cluster, the worker that carries it out.'),
});

/** The answer of `GET /api/admin/runs`. */
export const RunList = z.object({
  running: z.array(ListedRun),
  recent: z.array(ListedRun),
  silent: z
    .array(NamedServer)
    .describe(
      'Fronts of a cluster that did not answer within a second: what runs there is left out.',
    ),
});

/** The answer of `DELETE /api/admin/runs/{id}`. */
export const StoppedRun = z.object({ id: z.string(), stopped: z.literal(true) });

/** The answer of `GET /api/admin/history`. */
export const History = z.object({
  range: z.enum(['hour', 'day', 'week']),
  bucketMinutes: Count,
  buckets: Count,
  points: z.array(z.record(z.string(), z.unknown())).describe('One a bucket, the oldest first.'),
  whole: z.record(z.string(), z.unknown()).describe('The same of the whole range.'),
});

/** A request that ended, as it is kept. */
const KeptRequest = z.object({
  id: z.string(),
  key: z.string().describe('The id of the key.'),
  keyName: z.string().describe('Its name; the id, where the key was revoked.'),
  api: z.string(),
  isAgent: z.boolean(),
  model: z.string().describe('The one that answered; as it was asked for, where none did.'),
  requestedModel: z.string(),
  status: z.enum(['done', 'failed', 'cancelled']),
  outcome: z.string().describe('How it finished, or the code of its failure.'),
  finish: z.string().nullable().describe('null where it did not finish.'),
  error: z.string().nullable().describe('The sentence that its caller was told.'),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  queuedMs: Time,
  boundMs: Time,
  firstTokenMs: Time,
  totalMs: z.number().nonnegative(),
  tokens: z.object({ input: Count, output: Count, cacheRead: Count, cacheWrite: Count }),
  costUsd: z.number().nullable().describe('Of a chat, known some time after its end.'),
});

/** The answer of `GET /api/admin/requests`. */
export const RequestList = z.object({
  requests: z.array(KeptRequest),
  next: z.string().nullable().describe('The cursor of the page behind; null at the end.'),
  times: z
    .object({
      requests: Count,
      failed: Count,
      firstTokenMs: Quantiles.describe('null where none got a token.'),
      totalMs: Quantiles,
    })
    .nullable()
    .describe('Of all that fit, however many are on the page; null behind a `cursor`.'),
});

const sums = {
  requests: Count,
  errors: Count,
  cancelled: Count,
  tokens: z.object({ input: Count, output: Count, cacheRead: Count, cacheWrite: Count }),
  costUsd: z.number().nonnegative().describe('As far as it is known.'),
};

const Moment = z.iso.datetime().nullable();

/** What one key used, and how it stands with its limits. */
const KeyUsage = z.object({
  key: z.string().describe('The id of the key.'),
  keyName: z.string().describe('Its name; the id, where the key was revoked.'),
  ...sums,
  lastUsedAt: Moment.describe('null where no request of it is kept.'),
  opensAt: Moment.describe('When it may ask again; null unless it is at a limit now.'),
  limits: z.array(
    z.object({
      limit: z.enum([
        'requestsPerMinute',
        'runningAtOnce',
        'tokensPerMinute',
        'tokensPerDay',
        'usdPerDay',
      ]),
      most: z.number(),
      used: z.number(),
      resetsAt: Moment.describe('When the count begins anew; null where none runs.'),
    }),
  ),
});

/** The answer of `GET /api/admin/usage`. */
export const Usage = z.object({
  range: z.enum(['hour', 'day', 'week', 'month']),
  from: z.iso.datetime(),
  keptSince: Moment.describe(
    'When the oldest request that is kept ended: nothing before it counts.',
  ),
  whole: z.object(sums),
  keys: z.array(KeyUsage).describe('Every key, and those revoked that used something.'),
  models: z.array(z.object({ model: z.string(), ...sums })).describe('The busiest first.'),
  apis: z.array(z.object({ api: z.string(), ...sums })),
});

/** The answer of `GET /api/admin/keys`. */
export const KeyList = z.object({ keys: z.array(ShownKey) });

/** The answer of `POST /api/admin/keys`. */
export const AddedKey = z.object({
  ...ShownKey.shape,
  key: z.string().describe('The key itself, shown only this once.'),
});

/** The answer of `DELETE /api/admin/keys/{id}`. */
export const RevokedKey = z.object({ ...ShownKey.shape, revoked: z.literal(true) });
