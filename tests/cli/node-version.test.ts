import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { toNodeComplaint } from '../../src/cli/node-version.ts';

test.each(['22.18.0', '22.19.1', '23.0.0', '24.21.0', '100.0.0'])('Node %s will do', (version) => {
  expect(toNodeComplaint(version)).toBeUndefined();
});

test.each(['12.22.12', '18.20.8', '20.20.2', '22.9.0', '22.17.9'])(
  'Node %s is too old',
  (version) => {
    expect(toNodeComplaint(version)).toBe(
      `claude-code-proxy needs Node 22.18 or newer, and this is ${version}: run \`npx -p node@24 -p claude-code-proxy claude-code-proxy\`.`,
    );
  },
);

test('the package asks for the same version', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  expect(JSON.parse(text)).toHaveProperty('engines.node', '>=22.18');
});
