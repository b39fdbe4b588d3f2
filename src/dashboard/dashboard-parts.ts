import type { RunBook } from '../agent-runs/run-book.ts';
import type { ResponseBook } from '../responses/response-book.ts';
import type { AdminParts } from '../routes/admin/admin-parts.ts';
import type { SessionBook } from '../routes/sessions.ts';

/** What the page shows. */
export type DashboardParts = AdminParts & {
  sessions: SessionBook;
  responses: ResponseBook;
  runs: Pick<RunBook, 'get' | 'list' | 'listInputs'>;
};
