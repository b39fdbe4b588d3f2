import { randomUUID } from 'node:crypto';

import { z } from 'zod';

import type { CliStatus, Model, ReadCliStatus } from '../cli-status.ts';
import type { AgentProcess } from './process/cli-process.ts';
import { Rewound } from './chat/chat-process.ts';
import type { LaunchProfile } from './launch/launch.ts';
import type { OpenProcess } from './process/processes.ts';
import { toUserLine } from './process/protocol.ts';

/** How long an answer is taken for true, in milliseconds. */
const FRESH_FOR_MS = 10 * 60_000;

/** A CLI that says nothing for so long, in milliseconds, has no status. */
const TIMEOUT_MS = 20_000;

const Initialized = z.object({
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

/** Asks one CLI process for its login and its models (`initialize`, `list_models`), and keeps the answer for a while. */
export function createReadCliStatus(
  openProcess: OpenProcess,
  profile: LaunchProfile,
): ReadCliStatus {
  let kept: { status: Promise<CliStatus>; untilMs: number } | undefined;

  return () => {
    if (!kept || kept.untilMs < performance.now()) {
      const status = askCli(openProcess, profile);
      kept = { status, untilMs: performance.now() + FRESH_FOR_MS };
      status.catch(() => {
        kept = undefined;
      });
    }
    return kept.status;
  };
}

async function askCli(openProcess: OpenProcess, profile: LaunchProfile): Promise<CliStatus> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const process = await openProcess(profile, signal);
  const leave = () => void process.end();
  signal.addEventListener('abort', leave, { once: true });
  try {
    const { account } = Initialized.parse(
      await process.request({ subtype: 'initialize', systemPrompt: [] }),
    );
    const { models } = Listed.parse(await process.request({ subtype: 'list_models' }));
    return {
      isLoggedIn: isLoggedIn(account),
      account: account?.email ?? account?.organization ?? undefined,
      models: toModels(models),
      canRewind: await canRewind(process),
    };
  } finally {
    signal.removeEventListener('abort', leave);
    leave();
  }
}

/** Says a message that nobody answers, and takes it back: whether this CLI can is not documented. */
async function canRewind(process: AgentProcess) {
  const uuid = randomUUID();
  process.send(toUserLine('Hello.', uuid, { isHistory: true }));
  for await (const line of process.lines()) if (line.type === 'result') break;
  const reply = await process
    .request({
      subtype: 'rewind_conversation',
      target_message_uuid: uuid,
      last_seen_user_message_uuid: uuid,
    })
    .catch(() => undefined);
  return Rewound.safeParse(reply).success;
}

/** Behind other back ends than Anthropic's own the CLI does not know; their credentials are the platform's. */
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
