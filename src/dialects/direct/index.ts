import type { Api, Dialect } from '../dialect.ts';
import { RunBody } from './body.ts';
import { directFailures } from './failures.ts';
import { schemas } from './operation-schemas.ts';
import { operations } from './operations.ts';
import { toAnswer } from './to-answer.ts';
import { toMessages } from './to-messages.ts';
import { toRunRequest } from './to-run-request.ts';
import { trial } from './trial.ts';

/** `POST /api/run`: this server's own API, for agents. */
export const direct: Dialect<RunBody> = {
  name: 'direct',
  path: '/api/run',
  body: RunBody,
  toRunRequest,
  toAnswer,
  toMessages,
  paramNames: {
    temperature: 'temperature',
    topP: 'topP',
    topK: 'topK',
    effort: 'effort',
    thinking: 'thinking',
    toolChoice: 'toolChoice',
    serviceTier: 'serviceTier',
  },
  failures: directFailures,
  lines: 'offered',
};

/** This server's own API: agents, their sessions, and what its operator asks for. */
export const directApi: Api = {
  paths: ['/api/run', '/api/runs', '/api/approvals', '/api/events', '/api/sessions', '/api/admin'],
  failures: directFailures,
  dialects: [direct],
  trials: [trial],
  operations,
  schemas,
};
