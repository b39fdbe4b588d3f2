import type { Context } from 'hono';

import type { Validated } from '../../http/body/validate.ts';
import type { AppEnv } from '../../http/variables.ts';
import { toSnippets } from './snippets.ts';
import type { TrialForm } from './trial-form.ts';

/** `POST /dashboard/trial`: what the script has to send for a trial, and how others would write it. */
export function describeTrial(c: Context<AppEnv, string, Validated<TrialForm>>): Response {
  const { dialect: trial, ...request } = c.req.valid('json');
  const { path } = trial;
  const snippets = toSnippets(trial, request, new URL(c.req.url).origin);
  return c.json({ path, body: trial.toBody(request), snippets });
}
