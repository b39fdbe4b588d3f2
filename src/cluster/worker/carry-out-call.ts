import type { Backend, CheckPaths, SessionPlace, SessionWork, Steering } from '../../backend.ts';
import { requestFromWire } from '../../run-wire.ts';
import type { Call } from '../calls.ts';
import { toUnknownCall } from '../refusals.ts';
import { boundPage } from './bound-page.ts';

/** Longest time for the CLI to count, or to work on a session, in milliseconds: a front waits no longer. */
const CLI_MS = 30_000;

/** Carries out what a front asks of a worker's back end beside runs. Throws what the back end throws. */
export async function carryOutCall(backend: Backend, { method, args }: Call): Promise<unknown> {
  if (method === 'readStatus') return backend.readStatus();
  if (method === 'countTokens') {
    const request = requestFromWire(String(args[0]));
    return backend.countTokens(request, AbortSignal.timeout(CLI_MS));
  }
  if (method === 'checkPaths') {
    const { checkPaths = refuse } = backend;
    return checkPaths(...(args as Parameters<CheckPaths>)); // as the front's own was called
  }
  if (method === 'transcripts.read' && backend.transcripts) {
    const [id, limit] = args as [string, number]; // as the front's own was called
    return boundPage(await backend.transcripts.read({ id }, limit));
  }
  if (method.startsWith('sessionWork.')) return workOnSession(backend.sessionWork, method, args);
  const [, name = ''] = /^steering\.(\w+)$/.exec(method) ?? [];
  if (!isSteering(backend.steering, name)) return refuse();
  const steer = backend.steering[name] as (...given: readonly unknown[]) => Promise<unknown>; // the front's own was called so
  return steer(...args);
}

async function workOnSession(
  { rewindFiles, fork }: SessionWork,
  method: string,
  args: Call['args'],
) {
  const signal = AbortSignal.timeout(CLI_MS);
  const [session, rest] = args as [SessionPlace, never]; // as the front's own was called
  if (method === 'sessionWork.rewindFiles') return rewindFiles(session, rest, signal);
  if (method === 'sessionWork.fork') return fork(session, rest, signal);
  return refuse();
}

export type ManageOptions = {
  jobs: { pause: (isPaused: boolean) => void };
  state: { isDraining: boolean };
  /** Tells the cluster how the worker is. */
  tell: () => Promise<void>;
  onRemove: () => void;
};

/** What admins say to a worker itself; `undefined` for every other call. */
export function createManage({ jobs, state, tell, onRemove }: ManageOptions) {
  const change = async (isDraining: boolean) => {
    state.isDraining = isDraining;
    jobs.pause(isDraining);
    await tell();
  };
  return ({ method, args }: Call): Promise<void> | undefined => {
    if (method === 'setDraining') return change(args[0] === true);
    if (method === 'remove') return Promise.resolve(onRemove());
    return undefined;
  };
}

function refuse(): Promise<never> {
  return Promise.reject(toUnknownCall());
}

function isSteering(steering: Steering, name: string): name is keyof Steering {
  return Object.hasOwn(steering, name);
}
