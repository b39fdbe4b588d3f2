import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Config } from '../../config.ts';
import { leadsBack } from '../../claude/launch/leads-back.ts';
import { type RunningServer, startServer } from '../../server.ts';
import { type CommandContext, type CommandFlags, createCommand, toSettings } from '../command.ts';
import { startDemo } from '../demo.ts';
import { readSettings } from '../read-settings.ts';
import { checkClaude } from './check-claude.ts';
import { checkCluster } from './check-cluster.ts';
import { checkMachine } from './check-machine.ts';
import { checkPort } from './check-port.ts';
import { checkStateFolder } from './check-state-folder.ts';
import { failed, type Finding, ok, skipped, toLine, toText } from './finding.ts';
import { tryServer } from './try-server.ts';

const DOCTOR_HELP = `claude-code-proxy doctor checks everything that a server needs, and asks each API once.

Usage: claude-code-proxy doctor [flags]

  --model <name>       whom to ask (default haiku where the account has it)
  --demo               asks a scripted model on this machine, no account needed
  --timeout <seconds>  longest time for each check (default 20); after the first API that stays
                       silent the others are left out
  --port <number>      port to look at (PORT, default 6789)
  --host <address>     address to look at (HOST, default 127.0.0.1)
  --json               one line of JSON; what is being asked still stands on stderr

It ends with 1 when something is red.`;

/** Looks at everything that a server needs and asks each API once; exit code 1 when something failed. */
export const doctor = createCommand({
  help: DOCTOR_HELP,
  async run(context, flags) {
    const findings: Finding[] = [];
    for await (const finding of examine(context, flags)) {
      findings.push(finding);
      if (!flags.isJson) context.print(toLine(finding, context.paint));
    }
    const isHealthy = findings.every(({ state }) => state !== 'failed');
    if (flags.isJson) context.print(JSON.stringify({ isHealthy, findings }));
    return isHealthy ? 0 : 1;
  },
});

async function* examine(context: CommandContext, flags: CommandFlags): AsyncGenerator<Finding> {
  const config = await readSettings(context, toSettings(flags)).catch(toText);
  if (typeof config === 'string') {
    yield failed('settings', config, 'Correct them; .env.example lists all settings.');
    return;
  }
  yield ok('settings', 'all understood');
  const isFront = config.role === 'front';
  const { claude, findings } = isFront
    ? { claude: undefined, findings: [] }
    : await checkClaude(config, context.environment);
  yield* findings;
  yield await checkStateFolder(config);
  yield await checkPort(config);
  if (!isFront) yield* checkMachine(config);
  yield* checkCluster(config);
  const circle = toCircle(config, context);
  if (circle) yield circle;
  if (isFront) yield skipped('round trips', 'a front has no CLI: run this on the workers');
  else if (!claude || circle) yield skipped('round trips', 'they need what failed above');
  else yield* tryWith(config, context, flags, claude);
}

/** Every round trip would come back to the proxy. */
function toCircle(config: Config, { environment }: CommandContext): Finding | undefined {
  const baseUrl = environment['ANTHROPIC_BASE_URL'];
  if (!leadsBack(baseUrl, config)) return undefined;
  return failed(
    'API address',
    `ANTHROPIC_BASE_URL is ${baseUrl}, which is this server itself`,
    'Unset ANTHROPIC_BASE_URL and ANTHROPIC_API_KEY in the shell that starts the server.',
  );
}

type Claude = { path: string; version: string };

/** On a server of its own, outside any cluster, so that those that run already are left in peace. */
async function* tryWith(
  config: Config,
  { environment, version, warn }: CommandContext,
  { isDemo, model, timeoutMs }: CommandFlags,
  claude: Claude,
): AsyncGenerator<Finding> {
  const folder = await mkdtemp(join(tmpdir(), 'claude-code-proxy-doctor-'));
  const demo = isDemo ? await startDemo(environment) : undefined;
  const proxyKey = `ccp-${randomBytes(32).toString('base64url')}`;
  const workspace = join(folder, 'workspace');
  const own: Partial<Config> = {
    host: '127.0.0.1',
    port: 0,
    redisUrl: undefined,
    role: 'both',
    logLevel: 'silent',
    warmProcesses: 0,
    stateDir: folder,
    defaultWorkspaceDir: workspace,
    allowedRoots: [workspace],
    shutdownGraceMs: 0, // nobody waits for what is still running
  };
  let server: RunningServer | undefined;
  try {
    warn('Starting the CLI …');
    server = await startServer({
      config: { ...config, ...own },
      environment: demo?.environment ?? environment,
      claude,
      proxyKey,
      version,
    });
    const { url, cliStatus } = server;
    yield* tryServer({ url, key: proxyKey, cliStatus, model, timeoutMs, tell: warn });
  } catch (error) {
    yield failed('server', toText(error), 'Do what the sentence says, then try again.');
  } finally {
    await server?.stop('the doctor is done');
    await demo?.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
