import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

import { execa } from 'execa';

import { textReply, toolReply } from '../../src/demo/replies.ts';
import { type Proxy, startProxy } from '../support/start-proxy.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Longest run of a client, in milliseconds. */
const RUN_MS = 90_000;

const QUIET = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error'];

/** Where `npm` put a program; installs it first where it is missing. Throws when that fails. */
export async function installClient(name: string, version: string, bin: string): Promise<string> {
  return install(`${name}@${version}`, `${bin}-${version}`, join('.bin', bin));
}

/** The same for a file of a package, without what it brings for one platform or another. */
export async function installPackage(name: string, version: string, file: string): Promise<string> {
  const folder = `${name.replace(/^.*\//, '')}-${version}`;
  return install(`${name}@${version}`, folder, join(name, file), '--omit=optional');
}

async function install(spec: string, folder: string, file: string, ...options: string[]) {
  const place = join(ROOT, '.clients', folder);
  const path = join(place, 'node_modules', file);
  if (existsSync(path)) return path;
  await mkdir(place, { recursive: true });
  await execa('npm', ['install', '--prefix', place, ...QUIET, ...options, spec]);
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
      const left = [...calls];
      proxy.model.requests.splice(0);
      proxy.model.answer = ({ tools }) => {
        // Titles and the like are asked for without tools.
        const call = (tools ?? []).length > 0 ? left.shift() : undefined;
        return call ? toolReply([call]) : textReply('All done.');
      };
    },
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
