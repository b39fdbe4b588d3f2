import type { Hono } from 'hono';

import { InputTokensBody } from '../../dialects/openai-responses/body.ts';
import { openaiResponses } from '../../dialects/openai-responses/index.ts';
import { validate } from '../../http/body/validate.ts';
import { limitWebSockets } from '../../http/limit-web-sockets.ts';
import type { AppEnv } from '../../http/variables.ts';
import type { CountTokens } from '../../run.ts';
import { RunError } from '../../run-error.ts';
import { toServedPaths } from '../served-paths.ts';
import { compactResponse } from './compact-response.ts';
import { countInput } from './count-input.ts';
import { createResponse } from './create-response.ts';
import { listInputItems } from './input-items.ts';
import { goOnInBackground } from './start-in-background.ts';
import { cancelResponse, deleteResponse, getResponse } from './stored-responses.ts';
import { connectResponses, type WebSocketParts } from './web-socket.ts';

type MountedParts = WebSocketParts & {
  countTokens: CountTokens;
  maxWebSocketsPerKey: number;
  /** Resolves when the server is up: what lost servers left goes on then. */
  started: Promise<void>;
};

/** Every route of the Responses API; `aliases` tells the paths of each. */
export function mountResponses(app: Hono<AppEnv>, parts: MountedParts): void {
  const { run, countTokens, maxWebSocketsPerKey, started } = parts;
  const checked = validate(openaiResponses.body);
  const root = openaiResponses.path;
  void started.then(() => goOnInBackground(run, parts));

  app.on('POST', toServedPaths(root), checked, createResponse(run, parts));
  app.on(
    'GET',
    toServedPaths(root),
    limitWebSockets(maxWebSocketsPerKey),
    connectResponses(parts),
    refuseWithoutUpgrade,
  );
  app.on('POST', toServedPaths(`${root}/compact`), checked, compactResponse(run, parts));
  app.on(
    'POST',
    toServedPaths(`${root}/input_tokens`),
    validate(InputTokensBody),
    countInput(countTokens, parts),
  );
  for (const path of toServedPaths(root)) {
    app.get(`${path}/:id`, getResponse(parts));
    app.delete(`${path}/:id`, deleteResponse(parts));
    app.get(`${path}/:id/input_items`, listInputItems(parts));
    app.post(`${path}/:id/cancel`, cancelResponse(parts));
  }
}

function refuseWithoutUpgrade(): never {
  throw new RunError('method-not-allowed', 'This path takes POST, or a WebSocket.');
}
