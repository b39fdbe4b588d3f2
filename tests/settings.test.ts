import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';
import { toEnvExample, toSettingsTable } from './settings-documents.ts';

const environment = { HOME: '/home/somebody' };

test('.env.example has every setting with its default, unit and meaning, and nothing else', () => {
  expect(readDocument('.env.example')).toBe(toEnvExample());
});

test('.env.example with every line switched on changes nothing', () => {
  const switchedOn = readDocument('.env.example').replaceAll(/^# (?=[A-Z_]+=)/gm, '');
  expect(readConfig({ ...environment, ...parseEnv(switchedOn) })).toEqual(readConfig(environment));
});

test('docs/settings.md has the same table of settings', () => {
  expect(toRows(readDocument('docs/settings.md'))).toEqual(toRows(toSettingsTable()));
});

function readDocument(name: string): string {
  return readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
}

/** The cells of a table's rows: how wide the columns are is the formatter's business. */
function toRows(text: string): readonly string[][] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^[|\s:-]+$/.test(line))
    .map((line) => line.split('|').map((cell) => cell.trim()));
}
