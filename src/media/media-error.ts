import { RunError } from '../run-error.ts';

/** A request whose image or document cannot be used; `param` names the part. */
export function mediaError(sentence: string, param: string, cause?: unknown): RunError {
  return new RunError('invalid-request', sentence, { param, cause });
}
