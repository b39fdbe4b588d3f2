import { toCount, toDuration } from '../dashboard/formats.ts';
import { toApiTitle } from '../dashboard/trials.ts';
import type { ServerStatus } from '../routes/admin/server-status.ts';
import { type CommandContext, createCommand, toSettings } from './command.ts';
import { toLocalUrl } from './local-url.ts';
import { readKey } from './read-key.ts';
import { readSettings } from './read-settings.ts';

/** A request as `/api/admin/runs` lists it. */
type ListedRun = {
  id: string;
  key: string;
  dialect: string;
  model: string;
  ms: number;
  tokens: { output: number };
};

type Report = ServerStatus & { url: string; running: readonly ListedRun[] };

const STATUS_HELP = `claude-code-proxy status tells what the server on this machine is doing.

Usage: claude-code-proxy status [flags]

  --port <number>      where the server listens (PORT, default 6789)
  --host <address>     the same (HOST, default 127.0.0.1)
  --timeout <seconds>  longest time for each of its answers (default 20)
  --json               one line of JSON

It ends with 1 when no server answers.`;

/** Tells what the running server does; exit code 1 when there is none. */
export const status = createCommand({
  help: STATUS_HELP,
  async run({ print, paint, ...sources }, flags) {
    const config = await readSettings(sources, toSettings(flags));
    const url = toLocalUrl(config);
    const ask = (path: string, headers = {}) =>
      askServer(url, path, { headers, signal: AbortSignal.timeout(flags.timeoutMs) });
    // Without a server there may be no key yet, and asking should not make one.
    await ask('/health');
    const headers = { authorization: `Bearer ${await readKey(config)}` };
    const server = (await ask('/api/admin/status', headers)) as ServerStatus; // of our own route
    const { running } = (await ask('/api/admin/runs', headers)) as { running: ListedRun[] };
    const report = { url, ...server, running };
    if (flags.isJson) print(JSON.stringify(report));
    else toLines(report, paint).forEach((line) => print(line));
    return 0;
  },
});

async function askServer(url: string, path: string, options: RequestInit): Promise<unknown> {
  const response = await fetch(url + path, options).catch((cause: unknown) => {
    throw new Error(
      options.signal?.aborted
        ? `The server at ${url} does not answer in time: look at its log, or give it longer with --timeout.`
        : `No server answers at ${url}: start it, or name its --port.`,
      { cause },
    );
  });
  if (response.ok) return response.json();
  if (response.status === 401) {
    throw new Error(
      `The server at ${url} has another key: set PROXY_API_KEY or STATE_DIR as it does.`,
    );
  }
  throw new Error(`The server at ${url} answers ${response.status}.`);
}

function toLines(report: Report, paint: CommandContext['paint']) {
  const { version, url, uptimeSeconds, isDraining, cli, queue, processes, cluster, running } =
    report;
  const login = cli.loggedIn ? paint('green', 'logged in') : paint('red', 'not logged in');
  const states = Object.entries(processes).map(([state, count]) => `${count} ${state}`);
  return [
    paint('bold', `claude-code-proxy ${version} at ${url}`),
    `Up          ${toDuration(uptimeSeconds * 1000)}${isDraining ? `, ${paint('yellow', 'stopping')}` : ''}`,
    `CLI         ${cli.version}, ${cli.loggedIn === null ? 'login not known yet' : login}`,
    `Places      ${queue.running} of ${queue.concurrency} taken`,
    `Queue       ${queue.waiting} of ${queue.maxWaiting} waiting`,
    `Processes   ${states.join(', ') || 'none'}`,
    ...(cluster ? toWorkerLines(cluster.workers) : []),
    `Requests    ${running.length === 0 ? 'none running' : `${running.length} running`}`,
    ...running.map(
      ({ id, dialect, model, key, ms, tokens }) =>
        `  ${id}  ${toApiTitle(dialect)}  ${model}  ${key}  ${toDuration(ms)}  ${toCount(tokens.output)} tokens`,
    ),
    ...report.troubles.map(({ advice }) => `${paint('red', 'Trouble')}     ${advice}`),
  ];
}

function toWorkerLines(workers: NonNullable<Report['cluster']>['workers']) {
  return [
    `Workers     ${workers.length || 'none'}`,
    ...workers.map(
      ({ host, id, version, running, places, isDraining }) =>
        `  ${host}  ${id}  ${version}  ${running} of ${places} taken${isDraining ? ', draining' : ''}`,
    ),
  ];
}
