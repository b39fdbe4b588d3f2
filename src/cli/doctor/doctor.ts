import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Config } from '../../config.ts';
import { leadsBack } from '../../claude/launch/leads-back.ts';
import { type RunningServer, startServer } from '../../server.ts';
import {
  type Command,
  type CommandContext,
  type CommandFlags,
  readCommandFlags,
  toSettings,
} from '../command.ts';
import { startDemo } from '../demo.ts';
import { readSettings } from '../read-settings.ts';
import { checkClaude } from './check-claude.ts';
import { checkMachine } from './check-machine.ts';
import { checkPort } from './check-port.ts';
import { checkStateFolder } from './check-state-folder.ts';
import { failed, type Finding, ok, skipped, toLine, toText } from './finding.ts';
import { tryServer } from './try-server.ts';

/** Looks at everything that a server needs and asks each API once; exit code 1 when something failed. */
export const doctor: Command = async (context) => {
  const flags = readCommandFlags(context.args);
  const findings: Finding[] = [];
  for await (const finding of examine(context, flags)) {
    findings.push(finding);
    if (!flags.isJson) context.print(toLine(finding, context.paint));
  }
  const isHealthy = findings.every(({ state }) => state !== 'failed');
  if (flags.isJson) context.print(JSON.stringify({ isHealthy, findings }));
  return isHealthy ? 0 : 1;
};

async function* examine(context: CommandContext, flags: CommandFlags): AsyncGenerator<Finding> {
  const config = await readSettings(context, toSettings(flags)).catch(toText);
  if (typeof config === 'string') {
    yield failed('settings', config, 'Correct them; .env.example lists all settings.');
    return;
  }
  yield ok('settings', 'all understood');
  const { claude, findings } = await checkClaude(config, context.environment);
  yield* findings;
  yield await checkStateFolder(config);
  yield await checkPort(config);
  yield* checkMachine(config);
  const circle = toCircle(config, context);
  if (circle) yield circle;
  if (!claude || circle) yield skipped('round trips', 'they need what failed above');
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

/** On a server of its own, so that one that runs already is left in peace. */
async function* tryWith(
  config: Config,
  { environment, version }: CommandContext,
  { isDemo, model }: CommandFlags,
  claude: Claude,
): AsyncGenerator<Finding> {
  const folder = await mkdtemp(join(tmpdir(), 'claude-code-proxy-doctor-'));
  const demo = isDemo ? await startDemo(environment) : undefined;
  const proxyKey = `ccp-${randomBytes(32).toString('base64url')}`;
  const workspace = join(folder, 'workspace');
  const own: Partial<Config> = {
    host: '127.0.0.1',
    port: 0,
    logLevel: 'silent',
    warmProcesses: 0,
    stateDir: folder,
    defaultWorkspaceDir: workspace,
    allowedRoots: [workspace],
  };
  let server: RunningServer | undefined;
  try {
    server = await startServer({
      config: { ...config, ...own },
      environment: demo?.environment ?? environment,
      claude,
      proxyKey,
      version,
    });
    yield* tryServer({ url: server.url, key: proxyKey, cliStatus: server.cliStatus, model });
  } catch (error) {
    yield failed('server', toText(error), 'Do what the sentence says, then try again.');
  } finally {
    await server?.stop('the doctor is done');
    await demo?.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
