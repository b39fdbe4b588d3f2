// `npm run try-deploy`: what of deploy/ can be tried without Docker and without installing anything.
// Not part of the tests: it needs the npm registry, bubblewrap and systemd.
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { execa } from 'execa';

import { aptInstall } from '../tests/support/apt-install.ts';
import { type Instruction, readDockerfile } from './dockerfile.ts';

const ROOT = join(import.meta.dirname, '..');
if (!existsSync('/usr/bin/bwrap')) aptInstall('bubblewrap');
const folder = await mkdtemp(join(tmpdir(), 'try-deploy-'));
try {
  await tryImage(readDockerfile(await readFile(join(ROOT, 'deploy/Dockerfile'), 'utf8')));
  await tryUnit(await readFile(join(ROOT, 'deploy/claude-code-proxy.service'), 'utf8'));
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** Carries out the steps in a clean folder for each stage, but for those that need root; then serves. */
async function tryImage(instructions: readonly Instruction[]) {
  for (const instruction of instructions) await carryOut(instruction);
  const { stdout } = await execa('bwrap', toSandbox(instructions), {
    stderr: 'inherit',
    timeout: 120_000,
  });
  console.log(stdout);
}

/**
 * The container's command as its user, in a root that has nothing but the image's files and the
 * system's libraries, without a network; beside it, what the image is asked.
 */
function toSandbox(instructions: readonly Instruction[]): string[] {
  const valuesOf = (name: string) =>
    instructions.filter((one) => one.stage === 'last' && one.name === name).map((one) => one.value);
  const [check = ''] = valuesOf('HEALTHCHECK');
  const environment = {
    ...Object.fromEntries(valuesOf('ENV').flatMap((value) => value.split(' ').map(toVariable))),
    PATH: '/image/bin:/node:/usr/bin:/bin',
    HOME: '/home/node',
    PROXY_API_KEY: 'a-key-to-try-the-image-with',
    HEALTH_COMMAND: /CMD (\[.*\])$/.exec(check)?.[1] ?? '[]', // Docker's exec form
  };
  const last = join(folder, 'last');
  const options = [
    ['--unshare-all', '--die-with-parent', '--uid', '1000', '--gid', '1000', '--clearenv'],
    ...['/usr/bin', '/usr/lib', '/etc/ssl'].map((path) => ['--ro-bind', path, path]),
    ...['bin', 'lib', 'lib64'].map((name) => ['--symlink', `usr/${name}`, `/${name}`]),
    ['--ro-bind-try', '/usr/lib64', '/usr/lib64', '--proc', '/proc', '--dev', '/dev'],
    ['--tmpfs', '/tmp', '--tmpfs', '/home/node', '--tmpfs', '/state'],
    ['--ro-bind', dirname(process.execPath), '/node', '--ro-bind', last, '/image'],
    ['--ro-bind', join(last, 'app'), '/app', '--chdir', '/app'],
    ['--ro-bind', join(import.meta.dirname, 'ask-image.ts'), '/ask-image.ts'],
    ...Object.entries(environment).map(([name, value]) => ['--setenv', name, value]),
    ['sh', '-c', '"$@" >&2 & exec node /ask-image.ts', 'sh'],
    JSON.parse(valuesOf('ENTRYPOINT')[0] ?? '[]') as string[], // Docker's exec form
  ];
  return options.flat();
}

function toVariable(text: string): [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

async function carryOut({ stage, name, value }: Instruction) {
  const cwd = join(folder, stage, 'app');
  await mkdir(cwd, { recursive: true });
  if (name === 'COPY') await copy(value, cwd);
  if (name !== 'RUN') return;
  if (!value.startsWith('npm ')) {
    console.log(`Left out, since it needs root: ${value}`);
    return;
  }
  console.log(`${stage}: ${value}`);
  await execa('bash', ['-c', value], {
    cwd,
    env: {
      npm_config_prefix: join(folder, stage), // where `--global` goes
      npm_config_cache: join(folder, 'cache'), // the steps clean it
    },
  });
}

async function copy(value: string, cwd: string) {
  const [, stage, rest = value] = /^--from=(\w+) (.*)$/.exec(value) ?? [];
  const paths = rest.split(' ');
  const target = join(cwd, paths.at(-1) ?? '');
  const source = stage === undefined ? ROOT : join(folder, stage);
  for (const path of paths.slice(0, -1)) {
    const to = paths.at(-1) === './' ? join(target, path) : target;
    await cp(join(source, path), to, { recursive: true, verbatimSymlinks: true });
  }
}

/** systemd's own check, with a program that exists here in the place of the installed one. */
async function tryUnit(text: string) {
  const file = join(folder, 'claude-code-proxy.service');
  await writeFile(file, text.replace(/^ExecStart=.*$/m, `ExecStart=${process.execPath}`));
  const verified = await execa('systemd-analyze', ['verify', '--man=no', file], { reject: false });
  console.log(verified.stderr || 'systemd-analyze verify: nothing to complain of');
  const { stdout } = await execa('systemd-analyze', ['security', '--offline=yes', file], {
    reject: false,
  });
  console.log(stdout.trim().split('\n').at(-1));
  if (verified.exitCode !== 0) process.exitCode = 1;
}
