import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { PROMTOOL } from './promtool.ts';

const DEPLOY = join(import.meta.dirname, '../../deploy');

const NEEDS_PROMTOOL = 'It cannot run here: there is no promtool to be had.';

/** The dashboard's queries as rules, with something in the place of Grafana's variables. */
function toRules(): string {
  const { panels } = JSON.parse(readFileSync(join(DEPLOY, 'grafana-dashboard.json'), 'utf8'));
  const queries: string[] = panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
    targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '5m')),
  );
  const rules = queries.map((expr, index) => ({ record: `panel:${index}`, expr }));
  return JSON.stringify({ groups: [{ name: 'dashboard', rules }] }); // which is YAML, too
}

test('promtool takes the queries of the dashboard', async (ctx) => {
  if (!existsSync(PROMTOOL)) ctx.skip(NEEDS_PROMTOOL);
  const folder = await mkdtemp(join(tmpdir(), 'rules-'));
  const file = join(folder, 'dashboard.yml');
  await writeFile(file, toRules());
  const said = execFileSync(PROMTOOL, ['check', 'rules', file], { encoding: 'utf8' });
  await rm(folder, { recursive: true });

  expect(said).toMatch(/SUCCESS: \d+ rules found/);
});

test('promtool takes the rules', (ctx) => {
  if (!existsSync(PROMTOOL)) ctx.skip(NEEDS_PROMTOOL);
  const file = join(DEPLOY, 'prometheus-rules.yml');
  const written = readFileSync(file, 'utf8').match(/^\s*- alert:/gm) ?? [];
  const said = execFileSync(PROMTOOL, ['check', 'rules', file], { encoding: 'utf8' });

  expect(written.length).toBeGreaterThan(0);
  expect(said).toContain(`SUCCESS: ${written.length} rules found`);
});
