import { directFailures } from '../../dialects/direct/failures.ts';
import { ANY, type OperationOf, WITH_BODY } from '../../dialects/operation.ts';
import { openaiFailures } from '../../dialects/shared/openai-failures.ts';
import type { ownSchemas } from '../own-schemas.ts';
import { serverTag } from './server.ts';

const shared = { tag: serverTag, failures: openaiFailures };
const metrics = { ...shared, method: 'get', codes: [...ANY, 'forbidden'] } as const;
const admin = { ...metrics, failures: directFailures } as const;

/** What the operator asks for: keys with the scope `admin`. */
export const adminOperations: readonly OperationOf<typeof ownSchemas>[] = [
  {
    ...shared,
    id: 'getReadiness',
    method: 'get',
    path: '/ready',
    summary: 'Tell whether the server should get requests',
    description: '503 with the reasons where it should not.',
    answer: 'Readiness',
    codes: ['internal'],
    isOpen: true,
  },
  {
    ...metrics,
    id: 'getMetrics',
    path: '/metrics',
    summary: 'Read the metrics, for Prometheus',
    description: 'Programs on the machine of the server need no key.',
    answer: { status: 200, description: 'The metrics as text.', contentType: 'text/plain' },
  },
  {
    ...admin,
    id: 'getStatus',
    path: '/api/admin/status',
    summary: 'Read how the server is',
    answer: 'ServerStatus',
  },
  {
    ...admin,
    id: 'listRuns',
    path: '/api/admin/runs',
    summary: 'List what runs, and what ended last',
    answer: 'RunList',
  },
  {
    ...admin,
    id: 'stopRun',
    method: 'delete',
    path: '/api/admin/runs/{id}',
    summary: 'Stop a run',
    answer: 'StoppedRun',
    codes: [...admin.codes, 'not-found'],
  },
  {
    ...admin,
    id: 'getHistory',
    path: '/api/admin/history',
    summary: 'Read what ended in the last hour, day or week',
    query: { range: '`hour` (default), `day` or `week`.' },
    answer: 'History',
    codes: [...admin.codes, 'invalid-request'],
  },
  {
    ...admin,
    id: 'listRequests',
    path: '/api/admin/requests',
    summary: 'List the requests that ended, the newest first',
    description:
      'Kept across restarts, as many as `MAX_KEPT_REQUESTS`; never what was said. Only requests that ran: those refused before stand in the log alone.',
    query: {
      key: 'The name or the id of a key.',
      model: 'The model that answered, or the name by which it was asked for.',
      api: 'The API, as `api` of the answer names it.',
      outcome:
        '`done`, `failed` or `cancelled`; or how exactly it finished, or the code of its failure.',
      from: 'Ended at this time or later, like `2026-11-28T08:30:00Z`; UTC where no zone is named.',
      to: 'Ended before this time.',
      text: 'Stands in the id of the request, or in the sentence of its failure.',
      limit: 'From 1 to 1000; 50 by default.',
      cursor: '`next` of the page before.',
      format: '`json` (default), or `csv` for all that fit, whatever `limit` and `cursor` say.',
    },
    answer: 'RequestList',
    codes: [...admin.codes, 'invalid-request'],
  },
  {
    ...admin,
    id: 'getUsage',
    path: '/api/admin/usage',
    summary: 'Read who used what, by key, model and API',
    description:
      'Adds up the requests that are kept, and tells how much of its limits each key uses now. Models beyond the busiest hundred are one, `other`.',
    query: { range: '`hour`, `day` (default), `week` or `month`, back from now.' },
    answer: 'Usage',
    codes: [...admin.codes, 'invalid-request'],
  },
  {
    ...admin,
    id: 'listKeys',
    path: '/api/admin/keys',
    summary: "List the keys beside the owner's",
    answer: 'KeyList',
  },
  {
    ...admin,
    id: 'addKey',
    method: 'post',
    path: '/api/admin/keys',
    summary: 'Add a key',
    description: 'The answer shows the key, the only time that it is known. It holds at once.',
    body: {
      schema: 'NewKeyRequest',
      example: { name: 'laptop', scopes: ['chat'], requestsPerMinute: 20, tokensPerDay: 500_000 },
    },
    answer: 'AddedKey',
    codes: [...WITH_BODY, 'forbidden'],
  },
  {
    ...admin,
    id: 'changeKey',
    method: 'put',
    path: '/api/admin/keys/{id}',
    summary: 'Change what a key may do',
    description: 'The rules take the place of those it had: what is left out is not limited.',
    body: { schema: 'KeyRules', example: { scopes: ['chat'], tokensPerDay: 100_000 } },
    answer: 'Key',
    codes: [...WITH_BODY, 'forbidden', 'not-found'],
  },
  {
    ...admin,
    id: 'rotateKey',
    method: 'post',
    path: '/api/admin/keys/{id}/rotate',
    summary: 'Give a key a new text, and let the old one go on for a while',
    description:
      'The answer shows the new text, the only time that it is known. Both are the same key, with the same limits. A second rotation ends the text before the last at once.',
    body: { schema: 'Rotation', example: { overlapSeconds: 86_400 } },
    answer: 'AddedKey',
    codes: [...WITH_BODY, 'forbidden', 'not-found'],
  },
  {
    ...admin,
    id: 'revokeKey',
    method: 'delete',
    path: '/api/admin/keys/{id}',
    summary: 'Revoke a key',
    answer: 'RevokedKey',
    codes: [...admin.codes, 'not-found'],
  },
  {
    ...admin,
    id: 'changeWorker',
    method: 'patch',
    path: '/api/admin/workers/{id}',
    summary: 'Let a worker of a cluster take no more, or take again',
    description: 'One that drains goes on with what it has, and stays until it is removed.',
    body: { schema: 'WorkerChange', example: { isDraining: true } },
    answer: 'ChangedWorker',
    codes: [...WITH_BODY, 'forbidden', 'not-found'],
  },
  {
    ...admin,
    id: 'removeWorker',
    method: 'delete',
    path: '/api/admin/workers/{id}',
    summary: 'Let a worker of a cluster finish what it has, and leave',
    description:
      'As SIGTERM does. A `claude-code-proxy worker` ends, and may be started anew by what looks after it; a server that is both goes on as a front.',
    answer: 'RemovedWorker',
    codes: [...admin.codes, 'not-found'],
  },
];
