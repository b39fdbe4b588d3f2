import { expect, test } from 'vitest';

import { createChatCosts } from '../../../src/claude/chat/chat-costs.ts';
import type { RunCost } from '../../../src/claude/process/run-cost.ts';
import type { ResultLine } from '../../../src/claude/process/protocol.ts';
import { result } from '../cli-lines.ts';
import { createFakeChat } from '../chat-request.ts';

const toCaller = (keyId: string) => ({ keyId, user: undefined, requestId: `req_${keyId}` });

function open() {
  const told: RunCost[] = [];
  const fake = createFakeChat();
  let onResult: ((line: ResultLine) => void) | undefined;
  fake.process.onResult = (listener) => {
    onResult = listener;
  };
  const costs = createChatCosts((cost) => told.push(cost));
  const end = (totalUsd: number) => {
    const line = result();
    if (line.type === 'result') onResult?.({ ...line, total_cost_usd: totalUsd });
  };
  return { ...fake, told, charge: (id: string) => costs.charge(fake.chat, toCaller(id)), end };
}

test('of the running total each turn is charged its own part, to whoever asked last', () => {
  const { charge, end, told } = open();
  charge('a');
  end(0);
  end(0.25);
  charge('b');
  end(0.75);
  expect(told.map(({ caller, costUsd }) => [caller.keyId, costUsd])).toEqual([
    ['a', 0.25],
    ['b', 0.5],
  ]);
});

test('a process that ends before it told leaves the cost unknown; one that told does not', async () => {
  const told = await endWith(1);
  expect(told).toEqual([{ caller: toCaller('a'), costUsd: undefined }]);
  expect(await endWith(0)).toEqual([]);
});

async function endWith(begun: number) {
  const { chat, charge, exit, told, process } = open();
  charge('a');
  chat.begun = begun;
  exit('killed');
  await process.exited;
  await Promise.resolve();
  return told;
}
