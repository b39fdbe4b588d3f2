import type { Variables } from './variables.ts';

/**
 * Does what may refuse a body, before it becomes a run. What is refused counts as a request, since looking at
 * it was work, too. Throws what the task throws, and `rate-limited` when the key has no more requests.
 */
export async function countIfRefused<Result>(
  { countRefused }: Pick<Variables, 'countRefused'>,
  task: () => Result | Promise<Result>,
): Promise<Result> {
  try {
    return await task();
  } catch (refusal) {
    await countRefused();
    throw refusal;
  }
}
