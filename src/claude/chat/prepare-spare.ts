import { randomUUID } from 'node:crypto';

import type { CliProcess } from '../process/cli-process.ts';
import { toUserLine } from '../process/input-lines.ts';
import type { SparesOptions } from '../spares.ts';
import { type ReadAbilities, Rewound } from './abilities.ts';
import { initialize } from './bind.ts';
import type { TurnSettings } from './turn-settings.ts';

export type PrepareSpareParts = {
  readAbilities: ReadAbilities;
  /** The settings that the next request will likely want. */
  foresee: () => TurnSettings | undefined;
  /** Headers that every request to the API bears, as `ANTHROPIC_CUSTOM_HEADERS` has them. */
  customHeaders: string;
};

/**
 * A header that cannot be sent: the CLI makes the whole request, and ends the turn with an error that
 * names the variable, without having opened a connection (CLI 2.1.330 and 2.1.332).
 */
const UNSENDABLE = 'x-warm-up: \u0100';

/**
 * Tells a spare what can be told before it is known whom it serves: likely settings and, where others can
 * come later, that there are no instructions. A turn that cannot reach the API takes it through what the
 * CLI does only once, and is taken back. Time to the first token on a busy machine, medians of 14
 * interleaved: 138 ms after a message that nobody answers, 109 after such a turn (CLI 2.1.330).
 */
export function createPrepareSpare({
  readAbilities,
  foresee,
  customHeaders,
}: PrepareSpareParts): SparesOptions['prepare'] {
  /** A CLI that once sent what cannot be sent is not given it again. */
  let canFailAhead = true;

  return async (process) => {
    const settings = foresee();
    // Either is answered as soon as the process is up.
    await process.request(
      settings ? { subtype: 'apply_flag_settings', settings } : { subtype: 'list_models' },
    );
    const { canRewind, rebinding } = await readAbilities();
    const isBound = canRewind && rebinding !== 'never';
    if (isBound) {
      await initialize(process);
      await (canFailAhead && rebinding === 'always' ? failAhead(process) : warmUp(process, true));
    }
    return { settings: settings && JSON.stringify(settings), isBound };
  };

  async function failAhead(process: CliProcess) {
    await setHeaders(process, UNSENDABLE);
    canFailAhead = (await warmUp(process, false)).isFailure;
    await setHeaders(process, customHeaders);
  }
}

function setHeaders(process: CliProcess, headers: string) {
  const settings = { env: { ANTHROPIC_CUSTOM_HEADERS: headers } };
  return process.request({ subtype: 'apply_flag_settings', settings });
}

async function warmUp(process: CliProcess, isHistory: boolean) {
  const outcome = await sayAndTakeBack(process, isHistory);
  if (!outcome.isTakenBack) throw new Error('The CLI did not take a message back.');
  return outcome;
}

/**
 * Says a message and takes it back; nobody answers it when it is part of the history. Resolves with
 * whether the CLI took it back, and whether the turn was a failure.
 */
export async function sayAndTakeBack(process: CliProcess, isHistory: boolean) {
  const uuid = randomUUID();
  process.send(toUserLine('Hello.', uuid, { isHistory }));
  let isFailure = false;
  for await (const line of process.lines()) {
    if (line.type !== 'result') continue;
    isFailure = line.is_error;
    break;
  }
  const reply = await process
    .request({
      subtype: 'rewind_conversation',
      target_message_uuid: uuid,
      last_seen_user_message_uuid: uuid,
    })
    .catch(() => undefined);
  return { isTakenBack: Rewound.safeParse(reply).success, isFailure };
}
