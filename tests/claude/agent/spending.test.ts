import { expect, test } from 'vitest';

import { readNotedSpending } from '../../../src/claude/agent/spending.ts';

const USED = {
  inputTokens: 10,
  outputTokens: 4,
  cacheReadInputTokens: 2,
  cacheCreationInputTokens: 1,
};

/** As CLI 2.1.330 writes it. */
const note = (totalCostUSD: number, sessionId = 'one') =>
  JSON.stringify({
    type: 'cost-state',
    sessionId,
    totalCostUSD,
    totalAPIDuration: 1535,
    modelUsage: { 'claude-sonnet-5-5': { ...USED, thinkingTokens: 3, costUSD: totalCostUSD } },
  });

test('the last note of the session holds', () => {
  const said = JSON.stringify({ type: 'user', message: { content: note(9) } });
  expect(readNotedSpending([note(1), said, note(2), note(3, 'other'), ''], 'one')).toEqual({
    costUsd: 2,
    tokens: { input: 10, output: 4, cacheRead: 2, cacheWrite: 1, reasoning: 3 },
  });
});

test.each([
  ['none', []],
  ['one that was cut off', [note(1).slice(20)]],
  ['one of another session', [note(1, 'other')]],
  ['one of another form', ['{"type":"cost-state","sessionId":"one","total":1}']],
])('%s tells nothing', (_, lines) => {
  expect(readNotedSpending(lines, 'one')).toBeUndefined();
});
