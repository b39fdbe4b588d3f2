import type { Dialect, Exchange } from '../../dialects/dialect.ts';
import type { ResponsesBody } from '../../dialects/openai-responses/body.ts';
import { openaiResponses } from '../../dialects/openai-responses/index.ts';
import { toAnswer } from '../../dialects/openai-responses/to-answer.ts';
import { checkBody } from '../../http/body/check-body.ts';
import type { Caller, Run, RunRequest } from '../../run.ts';
import { collectRun, type RunAnswer } from '../../run-answer.ts';
import { RunError } from '../../run-error.ts';
import { toRequests } from '../answer-several.ts';
import { openExchange } from '../responses/open-exchange.ts';
import type { ResponseParts } from '../responses/response-parts.ts';

/** A request of a batch: its body as a JSON text, and who asks. */
export type Asked = { text: string; caller: Caller; arrivedAtMs: number; signal: AbortSignal };

/** Answers a request in one piece, as its API would. Throws what the checks and the run throw. */
export type AnswerWhole = (asked: Asked) => Promise<object>;

/** Makes what answers the requests of one dialect for batches, each from a place that it has. */
export function createAnswerWhole<Body>(dialect: Dialect<Body>, run: Run): AnswerWhole {
  return async ({ text, caller, arrivedAtMs, signal }) => {
    const body = await checkBody(dialect.body, text);
    const { request, isStream } = dialect.toRunRequest(body, caller);
    if (isStream) throw refuse('stream');
    const exchange: Exchange<Body> = { body, request, requestId: caller.requestId, arrivedAtMs };
    const { several } = dialect;
    const count = several?.count(body) ?? 1;
    const answers: RunAnswer[] = [];
    // One after the other: there is one place.
    for (const one of toRequests(toPlaced(request), count)) {
      answers.push(await collectRun(run(one, signal)));
    }
    const [answer] = answers;
    if (!answer) throw new TypeError('A request wants at least one answer.');
    if (several && count > 1) return several.toAnswer(answers, exchange);
    return dialect.toAnswer(answer, exchange);
  };
}

/** The same for the Responses API, whose answers are kept and may go on from others. */
export function createAnswerResponse(run: Run, { book }: Pick<ResponseParts, 'book'>): AnswerWhole {
  return async ({ text, caller, arrivedAtMs, signal }) => {
    const body: ResponsesBody = await checkBody(openaiResponses.body, text);
    if (body.background) throw refuse('background');
    const asking = { requestId: caller.requestId, arrivedAtMs, caller };
    const opened = await openExchange(body, asking, (id) => book.find(id, caller.keyId));
    if (opened.isStream) throw refuse('stream');
    const { exchange, toStored } = opened;
    const response = toAnswer(await collectRun(run(toPlaced(exchange.request), signal)), exchange);
    if (body.store !== false) await book.save(toStored(response));
    return response;
  };
}

/** It has its place here; where the places are a cluster's, the wait there counts for its time. */
function toPlaced(request: RunRequest): RunRequest {
  return { ...request, isPlaced: true, isPatient: true, isWhole: true };
}

function refuse(param: string) {
  const sentence = `A batch answers in one piece, later: leave \`${param}\` out.`;
  return new RunError('invalid-request', sentence, { param });
}
