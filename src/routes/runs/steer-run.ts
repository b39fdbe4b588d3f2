import type { Context } from 'hono';

import type { RunBook } from '../../agent-runs/run-book.ts';
import { RunBody } from '../../dialects/direct/body.ts';
import { direct } from '../../dialects/direct/index.ts';
import type { AskBody, ChangeBody, MessageBody } from '../../dialects/direct/steering-bodies.ts';
import type { Validated } from '../../http/body/validate.ts';
import type { AppEnv } from '../../http/variables.ts';
import { RunError } from '../../run-error.ts';
import { toRunView } from './to-run-view.ts';

type IdContext<Body> = Context<AppEnv, '/:id', Validated<Body>>;

/** `POST /api/runs/{id}/messages`: a message of the user, which the agent reads at its next step. */
export function sendMessage(book: RunBook) {
  return async (c: IdContext<MessageBody>): Promise<Response> => {
    const runId = c.req.param('id');
    const id = crypto.randomUUID();
    const { text } = c.req.valid('json');
    const steering = await book.steer(runId, c.var.caller.keyId);
    await steering.send(runId, { id, text });
    return c.json({ id, state: 'queued' }, 202);
  };
}

/** `DELETE /api/runs/{id}/messages/{messageId}`: while the agent has not read it. */
export function takeMessageBack(book: RunBook) {
  return async (c: Context<AppEnv, '/:id/:messageId'>): Promise<Response> => {
    const { id, messageId } = c.req.param();
    const steering = await book.steer(id, c.var.caller.keyId);
    if (!(await steering.takeBack(id, messageId))) {
      throw new RunError('conflict', 'The agent has read the message.', { param: 'id' });
    }
    return c.json({ id: messageId, takenBack: true });
  };
}

/** `POST /api/runs/{id}/interrupt`: ends the turn; the run is done with what there is, or reads its messages. */
export function interruptRun(book: RunBook) {
  return async (c: Context<AppEnv, '/:id'>): Promise<Response> => {
    const id = c.req.param('id');
    const steering = await book.steer(id, c.var.caller.keyId);
    await steering.interrupt(id);
    return c.json({ id, interrupted: true });
  };
}

/** `PATCH /api/runs/{id}`: holds from the next step; checked as if a run began with it. */
export function changeRun(book: RunBook) {
  return async (c: IdContext<ChangeBody>): Promise<Response> => {
    const id = c.req.param('id');
    const { caller } = c.var;
    const change = c.req.valid('json');
    const run = await book.get(id, caller.keyId);
    const steering = await book.steer(id, caller.keyId);
    const body = RunBody.parse({ ...run.body, ...change });
    await book.checkRequest(direct.toRunRequest(body, caller).request);
    await steering.change(id, change);
    return c.json(toRunView(await book.get(id, caller.keyId)));
  };
}

/** `POST /api/runs/{id}/ask`: a question beside the conversation, which does not hold the agent up. */
export function askRun(book: RunBook) {
  return async (c: IdContext<AskBody>): Promise<Response> => {
    const id = c.req.param('id');
    const { question } = c.req.valid('json');
    const steering = await book.steer(id, c.var.caller.keyId);
    return c.json({ answer: await steering.ask(id, question) });
  };
}
