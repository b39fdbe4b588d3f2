import { z } from 'zod';

import type { Webhooks } from '../webhooks/create-webhooks.ts';
import type { StoredRun } from './run-store.ts';

/** What a run's body says of its webhook; the rest of it is of no interest here. */
const Hooked = z.object({ webhook: z.object({ url: z.string(), secret: z.string() }) });

/**
 * Makes what tells a run's webhook, if it has one, how the run stands: ids and the state, never content.
 * `approvals` are the ids of what it waits for.
 */
export function createTellWebhook({ send }: Pick<Webhooks, 'send'>) {
  return (
    { id, sessionId, state, body }: Pick<StoredRun, 'id' | 'sessionId' | 'state' | 'body'>,
    approvals: readonly string[],
  ): void => {
    const { data: hooked } = Hooked.safeParse(body);
    if (!hooked) return;
    const data = { runId: id, sessionId: sessionId ?? null, state, approvals };
    send(hooked.webhook, id, { type: `run.${state}`, data });
  };
}
