import type { Context } from 'hono';

import type { NewRun } from '../../agent-runs/recorder.ts';
import type { RunBook } from '../../agent-runs/run-book.ts';
import { MOST_LOSSES, toLostTooOften } from '../../most-losses.ts';
import { RunBody } from '../../dialects/direct/body.ts';
import { direct } from '../../dialects/direct/index.ts';
import { countIfRefused } from '../../http/count-if-refused.ts';
import type { Validated } from '../../http/body/validate.ts';
import type { AppEnv, Variables } from '../../http/variables.ts';
import type { Run } from '../../run.ts';
import { RunError, toRunError } from '../../run-error.ts';
import { runDialect } from '../run-dialect.ts';
import { untilThereIsRoom } from '../until-there-is-room.ts';
import { toRunView } from './to-run-view.ts';

/** What a resumed run says to the session in which it goes on. */
const GO_ON = 'You were interrupted. Go on where you left off.';

/** `POST /api/run`: whole, streamed, or in the background; on record in any case. */
export function runAgent(run: Run, book: RunBook) {
  return async (c: Context<AppEnv, string, Validated<RunBody>>): Promise<Response> => {
    const body = c.req.valid('json');
    const { webhook } = body;
    if (webhook) await countIfRefused(c.var, () => book.checkWebhook(webhook));
    if (body.background) {
      const details = await countIfRefused(c.var, () => toNewRun(body, c.var));
      return startInBackground(c, details, run, book);
    }
    const { deadline } = c.var;
    const recorded: Run = (request, signal) => {
      const details = { ...toNewRun(body, c.var), request };
      if (body.onDisconnect === 'continue') return book.outlive(run, details, signal);
      return book.record(run, details, { ...deadline, signal });
    };
    return runDialect(direct, recorded)(c);
  };
}

/** Starts the runs that waited for their turn when another server ended. */
export function goOnWithRuns(run: Run, book: RunBook): void {
  const patientRun = untilThereIsRoom(run);
  book.beginLeft(async ({ id, keyId, createdAt, body }, losses) => {
    const caller = { keyId, user: undefined, requestId: id };
    const about = { caller, arrivedAtMs: createdAt, requestId: id };
    try {
      if (losses > MOST_LOSSES) throw toLostTooOften();
      await book.start(patientRun, { ...toNewRun(RunBody.parse(body), about), wasPutOff: true });
    } catch (error) {
      // One that may not be any more has failed, and its record says why.
      await book.failLeft(id, direct.failures.toFailure(toRunError(error), id).body);
    }
  });
}

/** `POST /api/runs/{id}/resume`: a new run, in the session of one that the end of the server cut. */
export function resumeRun(run: Run, book: RunBook) {
  return async (c: Context<AppEnv, '/:id'>): Promise<Response> => {
    const { id, state, body, sessionId } = await book.get(c.req.param('id'), c.var.caller.keyId);
    if (state !== 'interrupted') {
      throw new RunError(
        'conflict',
        `Only an interrupted run can be resumed; this one is ${state}.`,
      );
    }
    const place = sessionId === undefined ? {} : { sessionId, prompt: GO_ON };
    const asked = { ...body, ...place, background: true, stream: false };
    const details = toNewRun(RunBody.parse(asked), c.var);
    return startInBackground(c, { ...details, resumedFrom: id }, run, book);
  };
}

async function startInBackground(c: Context<AppEnv>, details: NewRun, run: Run, book: RunBook) {
  await book.start(run, details);
  const { requestId, keyId } = details.request.caller;
  c.header('location', `/api/runs/${requestId}`);
  return c.json(toRunView(await book.get(requestId, keyId)), 202);
}

function toNewRun(
  body: RunBody,
  { caller, arrivedAtMs, requestId }: Pick<Variables, 'caller' | 'arrivedAtMs' | 'requestId'>,
): NewRun {
  const { request } = direct.toRunRequest(body, caller);
  const exchange = { body, request, requestId, arrivedAtMs };
  return {
    request,
    body,
    isBackground: body.background,
    toAnswer: (start, end) => direct.toAnswer({ start, parts: [], end }, exchange),
    toFailure: (error) => direct.failures.toFailure(error, requestId).body,
  };
}
