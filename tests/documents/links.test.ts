import { execFileSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

import { readDocument } from './read-blocks.ts';

const ROOT = join(import.meta.dirname, '../..');
const FILES = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' })
  .trim()
  .split('\n');

test.each(FILES)('the links of %s lead somewhere', (file) => {
  const links = [...toProse(readDocument(file)).matchAll(/\]\((?<to>[^)\s]+)\)/g)].map(
    ({ groups }) => groups?.['to'] ?? '',
  );
  const own = links.filter((link) => !/^[a-z]+:/.test(link));
  expect(own.filter((link) => !isThere(file, link))).toEqual([]);
});

test.each(FILES)('the tests that %s names are there', (file) => {
  const named = [...readDocument(file).matchAll(/`(?<path>tests\/[^`\s]*)`/g)].map(
    ({ groups }) => groups?.['path'] ?? '',
  );
  const patterns = named.map((path) => path.replaceAll('<name>', '*'));
  expect(patterns.filter((path) => globSync(path, { cwd: ROOT }).length === 0)).toEqual([]);
});

test('the index names every document', () => {
  const index = readDocument('docs/README.md');
  const documents = FILES.filter(
    (file) => /^docs\/[^/]+\.md$/.test(file) && file !== 'docs/README.md',
  );
  expect(documents.filter((file) => !index.includes(`](${file.slice('docs/'.length)})`))).toEqual(
    [],
  );
});

test('the README can be read in five minutes', () => {
  expect(readDocument('README.md').split('\n').length).toBeLessThanOrEqual(155);
});

function isThere(file: string, link: string) {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : normalize(join(dirname(file), path));
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || toAnchors(readDocument(target)).includes(anchor);
}

/** As GitHub makes them of headings. */
function toAnchors(text: string) {
  return [...toProse(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** Without blocks of code. */
function toProse(text: string) {
  return text.replaceAll(/^```[^]*?^```$/gm, '');
}
