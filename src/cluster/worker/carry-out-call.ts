import type { Backend, Steering } from '../../backend.ts';
import { RunError } from '../../run-error.ts';
import { requestFromWire } from '../../run-wire.ts';
import type { Call } from '../calls.ts';

/** Longest time for the CLI to count, in milliseconds. */
const COUNT_MS = 30_000;

/** Carries out what a front asks of a worker's back end beside runs. Throws what the back end throws. */
export async function carryOutCall(backend: Backend, { method, args }: Call): Promise<unknown> {
  if (method === 'readStatus') return backend.readStatus();
  if (method === 'countTokens') {
    const request = requestFromWire(String(args[0]));
    return backend.countTokens(request, AbortSignal.timeout(COUNT_MS));
  }
  const [, name = ''] = /^steering\.(\w+)$/.exec(method) ?? [];
  if (!isSteering(backend.steering, name)) {
    throw new RunError('internal', 'This worker was asked for what it does not know.');
  }
  const steer = backend.steering[name] as (...given: readonly unknown[]) => Promise<unknown>; // the front's own was called so
  return steer(...args);
}

function isSteering(steering: Steering, name: string): name is keyof Steering {
  return Object.hasOwn(steering, name);
}
