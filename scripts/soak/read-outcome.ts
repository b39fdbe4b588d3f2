import { FRONT_AWAY, INTERRUPTED, KILLED, type Outcome, WORKER_LOST } from './ledger.ts';

/** Questions carry a mark, `#17#`, by which they and their answers are known. */
export const MARK = /#\d+#/g;

/** How a stream ends well, in any of the APIs. */
const END = /\[DONE\]|message_stop|run-end|response\.completed/;

/** What stands once in each stream that was said once. */
const STARTS = [
  /"type":"message_start"/g,
  /"type":"run-start"/g,
  /"type":"response\.created"/g,
  /"delta":\{"role":"assistant"/g,
];

/** What stands in an answer, or in a stream, that tells of a failure. */
const FAILURE = /"error":\{|"type":"(?:error|response\.failed)"/;

/**
 * Reads an answer to its end. `answered` when `words` stand in it and no other request's mark does;
 * otherwise what went wrong, a refusal by its status.
 */
export async function readOutcome(asked: Promise<Response>, words: string): Promise<Outcome> {
  try {
    const response = await asked;
    const isStream = response.headers.get('content-type')?.includes('event-stream') ?? false;
    return judge(response.status, await response.text(), { words, isStream });
  } catch (error) {
    return `lost (${error instanceof Error ? error.message : 'no error'})`;
  }
}

function judge(
  status: number,
  text: string,
  { words, isStream }: { words: string; isStream: boolean },
): Outcome {
  if ((text.match(MARK) ?? []).some((mark) => mark !== words)) return "another's words";
  if (STARTS.some((start) => (text.match(start) ?? []).length > 1)) return 'doubled';
  if (FAILURE.test(text)) {
    return toLoss(text) ?? (status === 200 ? 'failed in words' : String(status));
  }
  if (status !== 200) return `${status} without words`;
  if (!text.includes(words)) return 'lost (other words)';
  return isStream && !END.test(text) ? 'lost (no end)' : 'answered';
}

/** What was lost under a request that failed, by its words. */
export function toLoss(text: string): Outcome | undefined {
  if (text.includes('The worker that carried out this run was lost')) return INTERRUPTED;
  if (text.includes('The worker that had this request was lost')) return WORKER_LOST;
  if (text.includes('This server was not heard of for a while')) return FRONT_AWAY;
  if (/claude CLI (?:ended|could|did|has)|cli.failed/i.test(text)) return KILLED;
  return undefined;
}
