import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { execa } from 'execa';

import { type MessagesBody, toBlocks } from '../../src/demo/messages-body.ts';
import { textReply, toolReply } from '../../src/demo/replies.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';
import { type BigClient, VERSIONS } from './versions.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Longest run of a client, in milliseconds. */
const RUN_MS = 180_000;

const QUIET = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];

/** Where `npm` put a program; installs it first where it is missing. Throws when that fails. */
export async function installClient(name: BigClient, bin: string): Promise<string> {
  return install({ name, file: join('.bin', bin) });
}

/**
 * The same for a file of a package, with what its peers ask for, and without what it brings for one
 * platform or another.
 */
export async function installPackage(
  name: BigClient,
  file: string,
  peers: readonly string[] = [],
): Promise<string> {
  return install({ name, file: join(name, file), peers, options: ['--omit=optional'] });
}

type Wanted = {
  name: BigClient;
  file: string;
  peers?: readonly string[];
  options?: readonly string[];
};

/** Where a client is installed, apart from all others. */
export function toPlace(name: BigClient): string {
  return join(ROOT, '.clients', `${name.replace('/', '_')}-${VERSIONS[name]}`);
}

async function install({ name, file, peers = [], options = [] }: Wanted) {
  const place = toPlace(name);
  const path = join(place, 'node_modules', file);
  if (existsSync(path)) return path;
  await mkdir(place, { recursive: true });
  const specs = [`${name}@${VERSIONS[name]}`, ...peers];
  await execa('npm', ['install', '--prefix', place, ...QUIET, ...options, ...specs]);
  return path;
}

/** The proxy, and a folder in which a client is at home and at work. */
export type Lab = {
  proxy: Proxy;
  /** The client's project; its home is `home` beside it. */
  work: string;
  home: string;
  /** The model makes these calls one after the other, and then says that all is done. */
  play: (calls: Parameters<typeof toolReply>[0]) => void;
  /** Everything that the model was told since, as JSON. */
  said: () => string;
  /** Runs a client to its end: what it printed. Throws when it fails. */
  run: (program: string, args: readonly string[], env: Record<string, string>) => Promise<string>;
  stop: () => Promise<void>;
};

/** Starts a proxy over the real CLI and a scripted model, for one client. */
export async function openLab(settings: Record<string, string> = {}): Promise<Lab> {
  const folder = await mkdtemp(join(tmpdir(), 'client-test-'));
  const [home, work] = [join(folder, 'home'), join(folder, 'work')];
  await Promise.all([mkdir(home), mkdir(work)]);
  const proxy = await startProxy({ settings });
  return {
    proxy,
    work,
    home,
    play(calls) {
      let answered = 0; // a call that a client asks for twice is made twice
      proxy.model.requests.splice(0);
      proxy.model.answer = (body) => {
        answered = Math.max(answered, countResults(body));
        // Titles and the like are asked for without tools.
        const call = (body.tools ?? []).length > 0 ? calls[answered] : undefined;
        return call ? toolReply([call]) : textReply('All done.');
      };
    },
    said: () => JSON.stringify(proxy.model.requests.map(({ body }) => body.messages)),
    async run(program, args, env) {
      const path = [dirname(process.execPath), process.env['PATH']].join(delimiter);
      const { all } = await execa(program, args, {
        cwd: work,
        all: true,
        stdin: 'ignore',
        timeout: RUN_MS,
        extendEnv: false,
        env: { PATH: path, HOME: home, XDG_CONFIG_HOME: join(home, '.config'), ...env },
      });
      return all;
    },
    async stop() {
      await proxy.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function countResults({ messages }: MessagesBody) {
  const blocks = messages.flatMap(({ content }) => toBlocks(content));
  return blocks.filter(({ type }) => type === 'tool_result').length;
}
