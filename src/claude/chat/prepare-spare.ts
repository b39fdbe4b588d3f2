import { randomUUID } from 'node:crypto';

import type { CliProcess } from '../process/cli-process.ts';
import { toUserLine } from '../process/input-lines.ts';
import type { SparesOptions } from '../spares.ts';
import type { ReadAbilities } from './abilities.ts';
import { initialize } from './bind.ts';
import { rewind } from './rewind.ts';
import type { TurnSettings } from './turn-settings.ts';

export type PrepareSpareParts = {
  readAbilities: ReadAbilities;
  /** The settings that the next request will likely want, if there was one before. */
  likelySettings: () => TurnSettings | undefined;
  /** Headers of every request to the API, in the format of `ANTHROPIC_CUSTOM_HEADERS`. */
  customHeaders: string;
};

/**
 * A header that cannot be sent: the CLI prepares the whole request and then ends the turn with an error,
 * without opening a connection (CLI 2.1.330 and 2.1.332).
 */
const UNSENDABLE = 'x-warm-up: \u0100';

/**
 * Sets a spare up as far as that is possible before its caller is known: it gets the likely settings and,
 * if the CLI can change instructions later, is initialized without any. Then it is warmed up by a turn
 * that cannot reach the API and is taken back, since the CLI does some of its work only once. Time to the
 * first token on a busy machine, medians of 14 interleaved runs: 138 ms after a message that is only
 * recorded, 109 after such a turn (CLI 2.1.330).
 */
export function createPrepareSpare({
  readAbilities,
  likelySettings,
  customHeaders,
}: PrepareSpareParts): SparesOptions['prepare'] {
  /** Whether the CLI still fails as expected; one that does not is never asked to again. */
  let canFailAhead = true;

  return async (process) => {
    const settings = likelySettings();
    // Both requests are answered as soon as the process is up.
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
 * Sends a message and takes it back; with `isHistory` it is recorded and not answered. Resolves with
 * whether the CLI took it back, and whether the turn failed.
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
  return { isTakenBack: await rewind(process, uuid, uuid), isFailure };
}
