import type { Hono } from 'hono';

import { requireAdmin } from '../http/require-scope.ts';
import { validate } from '../http/body/validate.ts';
import type { AppEnv } from '../http/variables.ts';
import { readHistoryRange } from '../routes/admin/history.ts';
import { alerts } from './alerts.ts';
import type { DashboardParts } from './dashboard-parts.ts';
import { runHead } from './agents/run-head.ts';
import { runList } from './agents/run-list.ts';
import { keysSection } from './keys/keys-section.ts';
import { nowSection } from './overview/now-section.ts';
import { overTimeSection } from './overview/over-time-section.ts';
import { sessionMessages } from './sessions/session-messages.ts';
import { storedSection } from './sessions/stored-section.ts';
import { describeTrial } from './try-it/describe-trial.ts';
import { TrialForm } from './try-it/trial-form.ts';

/** The parts of the page that its script asks for again. They stand behind `authenticate`. */
export function mountDashboard(app: Hono<AppEnv>, parts: DashboardParts): void {
  app.use('/dashboard/*', requireAdmin);
  app.get('/dashboard/alerts', async (c) => c.html(await alerts(parts)));
  app.get('/dashboard/now', async (c) => c.html(await nowSection(parts)));
  app.get('/dashboard/over-time', async (c) =>
    c.html(await overTimeSection(parts, readHistoryRange(c))),
  );
  app.get('/dashboard/stored', async (c) => c.html(await storedSection(parts, c.var.caller)));
  app.get('/dashboard/sessions/:id', async (c) =>
    c.html(await sessionMessages(parts, c.req.param('id'), c.var.caller.keyId)),
  );
  app.get('/dashboard/runs', async (c) =>
    c.html(await runList(parts, { keyId: c.var.caller.keyId, before: c.req.query('before') })),
  );
  app.get('/dashboard/runs/:id', async (c) =>
    c.html(runHead(await parts.runs.get(c.req.param('id'), c.var.caller.keyId))),
  );
  app.get('/dashboard/keys', async (c) => c.html(await keysSection(parts)));
  app.post('/dashboard/trial', validate(TrialForm), describeTrial);
}
