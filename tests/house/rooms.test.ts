import { copyFile, glob, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

/** A file → what the lint lets it import, and what it forbids. */
const IMPORTS: Readonly<
  Record<string, { allowed: readonly string[]; forbidden: readonly string[] }>
> = {
  'src/run.ts': { allowed: ['./run-error.ts'], forbidden: ['./config.ts', 'zod', 'node:fs'] },
  'src/dialects/new-api/body.ts': {
    allowed: ['./other.ts', '../shared/other.ts', '../dialect.ts', '../../run.ts', 'zod'],
    forbidden: ['../openai-chat/body.ts', '../../keys/api-key.ts', 'hono', 'node:fs', 'execa'],
  },
  'src/layers/with-more.ts': {
    allowed: ['./other.ts', '../run.ts', '../keys/key-rules.ts', 'node:fs/promises'],
    forbidden: ['../claude/spares.ts', '../routes/models.ts', '../http/listen.ts', 'hono', 'execa'],
  },
  'src/claude/process/more.ts': {
    allowed: ['./other.ts', '../launch/launch.ts', '../../run.ts', 'execa'],
    forbidden: ['../chat/bind.ts', '../spares.ts', '../../http/listen.ts', 'hono'],
  },
  'src/claude/chat/more.ts': {
    allowed: ['../process/protocol.ts', '../spares.ts'],
    forbidden: ['../agent/agent-run.ts', '../../routes/models.ts', '../../config.ts'],
  },
  'src/routes/admin/more.ts': {
    allowed: ['../models.ts', './keys.ts', '../../http/listen.ts', 'hono', 'hono/streaming'],
    forbidden: ['../../claude/spares.ts', '../../server.ts', '../../layers/gate.ts', 'execa'],
  },
  'src/keys/more.ts': {
    allowed: ['./key-book.ts', '../run.ts', 'zod'],
    forbidden: ['../limits/places.ts', '../layers/gate.ts', '../app.ts', 'hono'],
  },
  'src/observation/more.ts': {
    allowed: ['../state/open-database.ts'],
    forbidden: ['../routes/respond-failure.ts', '../keys/api-key.ts', 'hono'],
  },
  'src/brand-new/more.ts': {
    allowed: ['./other.ts', './deeper/other.ts'],
    forbidden: ['../run.ts', '../keys/api-key.ts', 'zod', 'node:fs', 'node:fs/promises', 'hono'],
  },
};

const Report = z.object({
  diagnostics: z.array(z.object({ code: z.string(), message: z.string(), filename: z.string() })),
});

let folder: string;
let forbidden: readonly { file: string; specifier: string | undefined }[];
let tooLong: readonly { file: string; rule: string }[];

/** A file that is too long, or has a function that is → the rule that says so. */
const LENGTHS: Readonly<Record<string, { text: string; broken: readonly string[] }>> = {
  'src/keys/long.ts': { text: toFunction(60) + toLines(190), broken: [] },
  'src/keys/longer.ts': { text: toLines(251), broken: ['max-lines'] },
  'src/keys/long-function.ts': { text: toFunction(61), broken: ['max-lines-per-function'] },
  'src/settings.ts': { text: toLines(251), broken: [] },
  'src/server/server-parts.ts': { text: toFunction(90), broken: [] },
  'src/claude/create-claude-backend.ts': {
    text: toFunction(91),
    broken: ['max-lines-per-function'],
  },
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rooms-'));
  await copyFile('oxlint.config.ts', join(folder, 'oxlint.config.ts'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
  for (const [file, imports] of Object.entries(IMPORTS)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    const lines = [...imports.allowed, ...imports.forbidden].map((from) => `import '${from}';\n`);
    await writeFile(join(folder, file), lines.join(''));
  }
  for (const [file, { text }] of Object.entries(LENGTHS)) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text);
  }
  const { stdout } = await execa({
    cwd: folder,
    preferLocal: true,
    localDir: process.cwd(),
    reject: false,
  })`oxlint --format=json src`;
  const { diagnostics } = Report.parse(JSON.parse(stdout));
  tooLong = diagnostics.flatMap(({ code, filename }) => {
    const rule = /max-lines[\w-]*/.exec(code)?.[0];
    return rule ? [{ file: filename, rule }] : [];
  });
  forbidden = diagnostics
    .filter(({ code }) => code.includes('no-restricted-imports'))
    .map(({ message, filename }) => ({
      file: filename,
      specifier: /'([^']+)'/.exec(message)?.[1],
    }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.for(Object.entries(IMPORTS))(
  '%s imports what its room may, and nothing else',
  ([file, imports]) => {
    const found = forbidden.filter((one) => one.file === file).map(({ specifier }) => specifier);
    expect(new Set(found)).toEqual(new Set(imports.forbidden));
  },
);

test.for(Object.entries(LENGTHS))('%s is as long as it may be', ([file, { broken }]) => {
  const found = tooLong.filter((one) => one.file === file).map(({ rule }) => rule);
  expect(found).toEqual(broken);
});

test('no two rooms import each other', async () => {
  const arrows = new Set<string>();
  for await (const file of glob('src/*/**/*.ts')) {
    for (const [, specifier = ''] of (await readFile(file, 'utf8')).matchAll(
      / from '(\.[^']+)'/g,
    )) {
      const [from, to] = [toRoom(file), toRoom(relative('.', resolve(dirname(file), specifier)))];
      if (from !== to) arrows.add(`${from} → ${to}`);
    }
  }
  const mutual = [...arrows].filter((arrow) =>
    arrows.has(arrow.split(' → ').toReversed().join(' → ')),
  );
  expect(mutual).toEqual([]);
});

function toRoom(file: string) {
  return file.split('/')[1] ?? '';
}

function toLines(count: number) {
  return Array.from({ length: count }, (_, index) => `export const a${index} = ${index};\n`).join(
    '',
  );
}

function toFunction(lines: number) {
  return `export function long() {\n${'  run();\n'.repeat(lines - 2)}}\n`;
}
