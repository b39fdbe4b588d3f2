import { ANY, type Operation } from '../operation.ts';

const shared = { tag: 'Server', failures: 'OpenaiFailure' } as const;
const admin = { ...shared, method: 'get', codes: [...ANY, 'forbidden'] } as const;

/** What the operator asks for: keys with the scope `admin`. */
export const adminOperations: readonly Operation[] = [
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
    ...admin,
    id: 'getMetrics',
    path: '/metrics',
    summary: 'Read the metrics, for Prometheus',
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
];
