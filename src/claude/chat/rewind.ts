import { z } from 'zod';

import type { CliProcess } from '../process/cli-process.ts';

/** The reply to `rewind_conversation`, seen from CLI 2.1.330. The request is undocumented. */
const Rewound = z.object({ rewound: z.literal(true) });

/**
 * Takes back a message of the caller's and all behind it; `lastUuid` is the newest one. Resolves with whether
 * the CLI confirmed it.
 */
export async function rewind(
  process: CliProcess,
  targetUuid: string,
  lastUuid: string,
): Promise<boolean> {
  const asked = process.request({
    subtype: 'rewind_conversation',
    target_message_uuid: targetUuid,
    last_seen_user_message_uuid: lastUuid,
  });
  return Rewound.safeParse(await asked.catch(() => undefined)).success;
}
