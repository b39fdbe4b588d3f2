import { startRedis } from './start-redis.ts';

/** Vitest's hook around a whole project: its servers find the Redis in the environment. */
export default async function provideRedis(): Promise<() => Promise<void>> {
  const { url, stop } = await startRedis();
  process.env['RUN_OVER_REDIS'] = url;
  return stop;
}
