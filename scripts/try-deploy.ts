// `npm run try-deploy`: what of deploy/ can be tried without Docker and without installing anything.
// Not part of the tests: it needs the npm registry, and systemd.
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { execa } from 'execa';

import { endProgram, startProgram } from '../tests/support/start-program.ts';
import { type Instruction, readDockerfile } from './dockerfile.ts';

const ROOT = join(import.meta.dirname, '..');
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

  const app = join(folder, 'last/app');
  const PATH = [join(folder, 'last/bin'), process.env['PATH']].join(delimiter);
  const program = await startProgram(
    process.execPath,
    [join(app, 'dist/bin.js'), '--demo', '--port', '0'],
    { cwd: app, env: { PATH, HOME: folder, TMPDIR: folder, LOG_LEVEL: 'silent' } },
  );
  try {
    const check = instructions.find(({ name }) => name === 'HEALTHCHECK')?.value ?? '';
    const [command = '', ...args] = JSON.parse(
      /CMD (\[.*\])$/.exec(check)?.[1] ?? '[]',
    ) as string[]; // Docker's exec form
    await execa(command, args, { env: { PORT: new URL(program.url).port } });
    console.log(`The image's server answers its health check at ${program.url}.`);
  } finally {
    await endProgram(program);
  }
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
