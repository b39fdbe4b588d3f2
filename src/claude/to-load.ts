import type { Gate } from '../layers/gate.ts';
import type { Load } from './spares.ts';

/**
 * How much there is to do, so that starting a process takes nobody's processor time. A caller whose tools
 * are at work will soon be back with the results.
 */
export function toLoad(queue: ReturnType<Gate['counts']>, suspended: number): Load {
  const { running, waiting, concurrency } = queue;
  if (running + waiting === 0) return suspended === 0 ? 'none' : 'some';
  return waiting === 0 && running < concurrency ? 'some' : 'full';
}
