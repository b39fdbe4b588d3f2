import { z } from 'zod';

const Count = z.int().nonnegative();

/** The answer of `GET /health`. */
export const Health = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  uptimeSeconds: Count,
  queue: z.object({ running: Count, waiting: Count, concurrency: Count }),
  sessions: Count,
  cli: z.object({
    version: z.string(),
    found: z.boolean(),
    loggedIn: z.boolean().nullable().describe('null as long as the CLI has not told.'),
  }),
});

/** The answer of `GET /api/hello`. */
export const Hello = z.object({ message: z.literal('hello') });

/** The answer of `GET /openapi.json`. */
export const OpenapiDocument = z
  .looseObject({
    openapi: z.literal('3.1.0'),
    info: z.looseObject({ title: z.string(), version: z.string() }),
    paths: z.record(z.string(), z.unknown()),
  })
  .describe('This document.');
