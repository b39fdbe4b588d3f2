import { RunError } from '../run-error.ts';

/**
 * One sentence for what may not be reached and what cannot be: two would tell a caller what there is
 * inside the private network.
 */
const UNREACHABLE =
  'The address could not be fetched; only public hosts on the ports 80 and 443 are (MEDIA_ALLOWED_HOSTS).';

/** An image or document that cannot be used; `param` names it. */
export function mediaError(sentence: string, param: string, cause?: unknown): RunError {
  return new RunError('invalid-request', sentence, { param, cause });
}

/** An address that may not be fetched, or cannot be: the caller is not told which. */
export function unreachable(param: string, cause?: unknown): RunError {
  return mediaError(UNREACHABLE, param, cause);
}

/** An image or document over the limit. */
export function tooLarge(maxBytes: number, param: string): RunError {
  return mediaError(
    `Images and documents may have ${maxBytes} bytes, those of all addresses together (MEDIA_MAX_BYTES).`,
    param,
  );
}
