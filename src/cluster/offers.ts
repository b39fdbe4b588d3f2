import { type JobData, toSigned } from './job-queue.ts';
import type { Seal } from './seal.ts';

/** Begins what a worker hears when a run is offered to it; the run and its signature follow. */
const HEAD = 'offer ';

/** Tells a worker that it may have this run, without a job. Workers of an earlier version pass it over. */
export function toOffer(run: string, seal: Seal): string {
  return `${HEAD}${run} ${seal.sign(toSigned(run))}`;
}

/** What is offered; `undefined` when a worker hears something else. Whether it is signed well is seen as with jobs. */
export function readOffer(message: string): JobData | undefined {
  if (!message.startsWith(HEAD)) return undefined;
  const [run = '', signature = ''] = message.slice(HEAD.length).split(' ');
  return { run, signature };
}
