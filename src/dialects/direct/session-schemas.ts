import { z } from 'zod';

import { AgentPart } from './answer-schemas.ts';

/** The body of `POST /api/sessions/{id}/rewind`, and the query of what it would change. */
export const RewindBody = z.strictObject({
  /** A message of the user's: files become what they were when it was sent. */
  since: z.uuid(),
});

export type RewindBody = z.infer<typeof RewindBody>;

/** What a rewind changes, or would change. */
export const FileChanges = z.object({
  files: z.array(z.string()).describe('Absolute paths.'),
  insertions: z.int().nonnegative().describe('Lines.'),
  deletions: z.int().nonnegative(),
});

/** A session of `/api/run`. */
export const Session = z.object({
  id: z.uuid(),
  title: z.string().describe('The beginning of the first prompt.'),
  model: z.string(),
  workingDirectory: z.string(),
  turns: z.int().nonnegative(),
  createdAt: z.iso.datetime(),
  lastUsedAt: z.iso.datetime(),
});

/** The answer of `GET /api/sessions`. */
export const SessionList = z.object({ sessions: z.array(Session) });

/** The answer of `GET /api/sessions/{id}/messages`. */
export const SessionMessages = z.object({
  messages: z.array(
    z.object({
      role: z.enum(['user', 'assistant']),
      id: z.string().optional().describe('Names a message of the user’s.'),
      at: z.iso.datetime(),
      parts: z.array(AgentPart),
    }),
  ),
  hasMore: z.boolean().describe('Whether there are earlier ones.'),
});

/** The answer of `DELETE /api/sessions/{id}`. */
export const DeletedSession = z.object({ id: z.string(), deleted: z.literal(true) });
