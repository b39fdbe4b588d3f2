import { expect, test, vi } from 'vitest';

import { createPatientWrites } from '../../src/state/patient-writes.ts';

const AWAY = new Error('The store is away.');

const createTask = () =>
  vi.fn<() => Promise<void>>().mockRejectedValueOnce(AWAY).mockResolvedValue();

test('nobody waits for a store that is away, and what failed is written when it is back', async () => {
  const onProblem = vi.fn<(error: unknown) => void>();
  const writes = createPatientWrites({ patienceMs: 60_000, onProblem });
  const task = createTask();
  const { settled } = await writes.write(task);
  expect(task).toHaveBeenCalledOnce();
  await settled;
  expect(task).toHaveBeenCalledTimes(2);
  expect(onProblem).not.toHaveBeenCalled();
});

test('a server that stops tries once more at once, and waits for that', async () => {
  const onProblem = vi.fn<(error: unknown) => void>();
  const writes = createPatientWrites({ patienceMs: 60_000, onProblem });
  const [back, away] = [createTask(), vi.fn<() => Promise<void>>().mockRejectedValue(AWAY)];
  await Promise.all([writes.write(back), writes.write(away)]);
  await writes.close();
  expect(back).toHaveBeenCalledTimes(2);
  expect(away).toHaveBeenCalledTimes(2);
  expect(onProblem).toHaveBeenCalledExactlyOnceWith(AWAY);
});

test('without patience a failure is told at once', async () => {
  const onProblem = vi.fn<(error: unknown) => void>();
  const task = createTask();
  const { settled } = await createPatientWrites({ onProblem }).write(task);
  await settled;
  expect(task).toHaveBeenCalledOnce();
  expect(onProblem).toHaveBeenCalledExactlyOnceWith(AWAY);
});
