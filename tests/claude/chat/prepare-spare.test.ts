import { expect, test } from 'vitest';

import { createPrepareSpare } from '../../../src/claude/chat/prepare-spare.ts';
import type { CliProcess } from '../../../src/claude/process/cli-process.ts';
import { createAbilities } from '../chat-request.ts';

/** A CLI of which only this is known: how a turn ends. */
function createProcess(isError: boolean) {
  const told: object[] = [];
  const process = {
    send: (line: object) => void told.push(line),
    request: async (request: object) => {
      told.push(request);
      return { rewound: true };
    },
    lines: async function* () {
      yield { type: 'result', is_error: isError };
    },
  } as unknown as CliProcess;
  return { process, told };
}

function createPrepare() {
  return createPrepareSpare({
    readAbilities: async () => createAbilities(),
    likelySettings: () => undefined,
    customHeaders: 'x-team: a',
  });
}

const HISTORY = expect.objectContaining({ type: 'user', shouldQuery: false });

test('a turn that fails ahead leaves the operator’s headers as they were', async () => {
  const prepare = createPrepare();
  for (let index = 0; index < 2; index += 1) {
    const { process, told } = createProcess(true);
    await prepare(process);
    expect(told).not.toContainEqual(HISTORY);
    expect(told.at(-1)).toEqual({
      subtype: 'apply_flag_settings',
      settings: { env: { ANTHROPIC_CUSTOM_HEADERS: 'x-team: a' } },
    });
  }
});

test('a CLI that sends what cannot be sent is warmed up without a turn from then on', async () => {
  const prepare = createPrepare();
  await prepare(createProcess(false).process);
  const { process, told } = createProcess(false);
  await prepare(process);
  expect(told).toContainEqual(HISTORY);
});
