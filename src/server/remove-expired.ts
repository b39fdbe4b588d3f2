import type { Log } from '../http/log-request.ts';

/** Has each part remove what is old. What fails is logged, stops no other, and is done at the next time. */
export async function removeExpired(
  removals: readonly (() => void | Promise<void>)[],
  log: Pick<Log, 'error'>,
): Promise<void> {
  const tryRemoval = async (remove: () => void | Promise<void>) => {
    try {
      await remove();
    } catch (error) {
      log.error({ err: error }, 'what is old could not be removed');
    }
  };
  await Promise.all(removals.map(tryRemoval));
}
