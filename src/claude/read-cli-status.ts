import { z } from 'zod';

import type { CliStatus, Model, ReadCliStatus } from '../backend.ts';
import { within } from '../common/within.ts';
import {
  type Abilities,
  REBINDING_PROBE,
  type ReadAbilities,
  toRebinding,
} from './chat/abilities.ts';
import { initialize } from './chat/bind.ts';
import { sayAndTakeBack } from './chat/prepare-spare.ts';
import type { LaunchProfile } from './launch/launch.ts';
import type { CliProcess } from './process/cli-process.ts';
import { endWhenAborted } from './process/end-when-aborted.ts';
import type { OpenProcess } from './process/processes.ts';

export type CliStatusReader = {
  readStatus: ReadCliStatus;
  readAbilities: ReadAbilities;
  /** Forgets everything, because the CLI may have been replaced. */
  forget: () => void;
};

/** How long a status counts as fresh, in milliseconds. */
const FRESH_FOR_MS = 10 * 60_000;

/** A CLI that did not answer is asked for its abilities again after this many milliseconds. */
const AFTER_FAILURE_MS = 10_000;

/** Time for the CLI to answer, in milliseconds. */
const TIMEOUT_MS = 20_000;

/** Time for the API to tell the CLI how far the plan is used up, in milliseconds. */
const USAGE_TIMEOUT_MS = 5000;

const Initialized = z.object({
  claude_code_version: z.string().nullish(),
  account: z
    .object({
      email: z.string().nullish(),
      organization: z.string().nullish(),
      tokenSource: z.string().nullish(),
      apiKeySource: z.string().nullish(),
      apiProvider: z.string().nullish(),
    })
    .nullish(),
});

const Listed = z.object({
  models: z.array(
    z.object({ value: z.string(), resolvedModel: z.string(), displayName: z.string() }),
  ),
});

type Answer = { status: CliStatus; abilities: Abilities };

/**
 * Asks one CLI process for its login and its models (`initialize`, `list_models`), and tries out its
 * abilities. The status is read again when it is no longer fresh; abilities are remembered until `forget`.
 */
export function createCliStatusReader(
  openProcess: OpenProcess,
  profile: LaunchProfile,
  /** Told how far the CLI says that the account's plan is used up. Default: nobody. */
  onUsage: (answer: unknown) => void = () => {},
): CliStatusReader {
  let fresh: { answer: Promise<Answer>; untilMs: number } | undefined;
  let abilities: { known: Promise<Abilities>; untilMs: number } | undefined;

  function ask() {
    if (fresh && fresh.untilMs > performance.now()) return fresh.answer;
    const answer = askCli(openProcess, profile, onUsage);
    fresh = { answer, untilMs: performance.now() + FRESH_FOR_MS };
    answer.catch(() => {
      fresh = undefined;
    });
    return answer;
  }

  return {
    readStatus: async () => (await ask()).status,
    readAbilities() {
      if (abilities && abilities.untilMs > performance.now()) return abilities.known;
      const entry = { known: ask().then((answer) => answer.abilities), untilMs: Infinity };
      abilities = entry;
      entry.known = entry.known.catch(() => {
        entry.untilMs = performance.now() + AFTER_FAILURE_MS;
        return toAbilities([], { canRewind: false, rebinding: 'never' });
      });
      return entry.known;
    },
    forget() {
      fresh = undefined;
      abilities = undefined;
    },
  };
}

async function askCli(
  openProcess: OpenProcess,
  profile: LaunchProfile,
  onUsage: (answer: unknown) => void,
): Promise<Answer> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const process = await openProcess(profile, signal);
  using _ending = endWhenAborted(process, signal);
  try {
    const { account, claude_code_version: version } = Initialized.parse(await initialize(process));
    const listed = Listed.parse(await process.request({ subtype: 'list_models' }));
    const models = toModels(listed.models);
    const { isTakenBack: canRewind } = await sayAndTakeBack(process, true);
    const rebinding = toRebinding(version ?? undefined, await readRefusal(process));
    return {
      status: {
        isLoggedIn: isLoggedIn(account),
        version: version ?? undefined,
        account: account?.email ?? account?.organization ?? undefined,
        models,
      },
      abilities: toAbilities(models, { canRewind, rebinding }),
    };
  } finally {
    void askUsage(process, onUsage).finally(() => process.end());
  }
}

/**
 * Nobody waits for it: with a login of `/login` the CLI asks the API's `/api/oauth/usage`, with all others
 * it answers at once that there is no plan (CLI 2.1.330).
 */
async function askUsage(process: CliProcess, onUsage: (answer: unknown) => void) {
  const asking = process.request({ subtype: 'get_usage', skip_behaviors: true });
  onUsage(await within(asking, USAGE_TIMEOUT_MS).catch(() => undefined));
}

/** How the CLI refuses a change of instructions that it cannot make. */
async function readRefusal(process: CliProcess) {
  const refusal: unknown = await process.request(REBINDING_PROBE).catch((error: unknown) => error);
  return refusal instanceof Error ? refusal.message : '';
}

function toAbilities(
  models: readonly Model[],
  tried: Pick<Abilities, 'canRewind' | 'rebinding'>,
): Abilities {
  const ids = new Map(
    models.flatMap(({ id, aliases }) => [id, ...aliases].map((name) => [name, id])),
  );
  return { ...tried, refusingModels: new Set(), toModelId: (name) => ids.get(name) };
}

/** With the clouds' back ends the CLI cannot tell; their credentials are the platform's. */
function isLoggedIn(account: z.infer<typeof Initialized>['account']) {
  if (!account) return false;
  const hasToken = account.tokenSource != null && account.tokenSource !== 'none';
  const isElsewhere = account.apiProvider != null && account.apiProvider !== 'firstParty';
  return hasToken || isElsewhere || account.apiKeySource != null || account.email != null;
}

/** The catalogue lists aliases; several may mean one model. */
function toModels(listed: z.infer<typeof Listed>['models']): Model[] {
  const byId = Map.groupBy(listed, (model) => model.resolvedModel);
  return [...byId].map(([id, models]) => ({
    id,
    aliases: models.map((model) => model.value).filter((value) => value !== id),
    displayName: models.findLast((model) => model.value !== 'default')?.displayName ?? id,
  }));
}
