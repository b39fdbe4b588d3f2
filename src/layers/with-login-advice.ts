import { OWNER } from '../keys/api-key.ts';
import type { CountTokens, Run, RunRequest } from '../run.ts';
import { RunError } from '../run-error.ts';

/**
 * Tells the owner how the CLI gets its login, where it has none: he is the operator who alone can help, and
 * others are not told how the machine is laid out.
 */
export function withLoginAdvice(run: Run, loginCommand: string): Run {
  return (request, signal) =>
    isOwners(request) ? runWithAdvice(request, signal) : run(request, signal);

  async function* runWithAdvice(request: RunRequest, signal: AbortSignal): ReturnType<Run> {
    try {
      yield* run(request, signal);
    } catch (error) {
      throw toAdvised(error, request, loginCommand);
    }
  }
}

/** Counts tokens as `withLoginAdvice` runs. */
export function countWithLoginAdvice(countTokens: CountTokens, loginCommand: string): CountTokens {
  return async (request, signal) => {
    try {
      return await countTokens(request, signal);
    } catch (error) {
      throw toAdvised(error, request, loginCommand);
    }
  };
}

function isOwners({ caller }: RunRequest) {
  return caller.keyId === OWNER.id;
}

function toAdvised(error: unknown, request: RunRequest, loginCommand: string): unknown {
  if (!isOwners(request) || !(error instanceof RunError) || error.code !== 'not-logged-in')
    return error;
  const advice = `On the server, run \`${loginCommand}\`, or set ANTHROPIC_API_KEY.`;
  return new RunError('not-logged-in', `${error.message} ${advice}`, { cause: error });
}
