import { z } from 'zod';

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

/** The answer of `DELETE /api/sessions/{id}`. */
export const DeletedSession = z.object({ id: z.string(), deleted: z.literal(true) });
