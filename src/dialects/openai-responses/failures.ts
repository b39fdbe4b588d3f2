import type { RunError } from '../../run-error.ts';
import type { Failures, SseMessage } from '../dialect.ts';
import { openaiFailures, toOpenaiError } from '../shared/openai-failures.ts';

/** Failures as the Responses API words them. */
export const responsesFailures: Failures = {
  ...openaiFailures,
  toFailureMessage: (error) => toErrorMessage(error),
};

/** `event: error`, the last message of a stream that failed. */
export function toErrorMessage(error: RunError, sequenceNumber?: number): SseMessage {
  const { code, message, param } = toOpenaiError(error);
  const event = { type: 'error', code, message, param, sequence_number: sequenceNumber };
  return { event: 'error', data: JSON.stringify(event) };
}

/** The `error` of a response that failed; its codes are a short list, of which two fit. */
export function toResponseError(error: RunError) {
  const { code, message } = toOpenaiError(error);
  return { code: code === 'rate_limit_exceeded' ? code : 'server_error', message };
}
