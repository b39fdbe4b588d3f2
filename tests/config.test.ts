import { homedir } from 'node:os';
import { expect, test } from 'vitest';
import { readConfig } from '../src/config.ts';

const environment = { HOME: '/home/somebody' };

test('without any variable, every setting has its default', () => {
  expect(readConfig(environment)).toMatchInlineSnapshot(`
    {
      "agentSandbox": false,
      "agentSettings": [],
      "agentTasksTimeoutMs": 120000,
      "allowBypassPermissions": false,
      "allowedHosts": [],
      "allowedRoots": [
        "/home/somebody/.local/state/claude-code-proxy/workspace",
      ],
      "approvalTimeoutMs": 1800000,
      "backgroundTimeoutMs": 3600000,
      "batchTtlMs": 2592000000,
      "batchWindowMs": 86400000,
      "childEnv": [],
      "claudeMaxRetries": 2,
      "clusterPrefix": "claude-proxy",
      "corsOrigins": [],
      "defaultWorkspaceDir": "/home/somebody/.local/state/claude-code-proxy/workspace",
      "firstByteTimeoutMs": 240000,
      "host": "127.0.0.1",
      "keptProcessTtlMs": 600000,
      "logContent": false,
      "logLevel": "info",
      "maxBackgroundRunsPerKey": 1000,
      "maxBatchBytesPerKey": 1073741824,
      "maxBatchRequestsPerKey": 100000,
      "maxBodyBytes": 33554432,
      "maxFileBytes": 209715200,
      "maxKeptRequests": 100000,
      "maxProcessRssBytes": 536870912,
      "maxProcesses": 8,
      "maxQueueSize": 100,
      "maxResponseBytesPerKey": 1073741824,
      "maxResponsesPerKey": 1000,
      "maxRunBytesPerKey": 268435456,
      "maxSessionsPerKey": 10,
      "maxSuspendedCalls": 4,
      "maxTurnsPerProcess": 500,
      "maxWaitingRunsPerKey": 5,
      "maxWebSocketsPerKey": 100,
      "mcpAllowedHosts": [],
      "mediaAllowedHosts": [],
      "mediaMaxBytes": 25165824,
      "mediaMaxUrls": 20,
      "mediaTimeoutMs": 15000,
      "modelAliases": Map {},
      "planLimitHeaders": false,
      "port": 6789,
      "queueTimeoutMs": 60000,
      "requestTimeoutMs": 290000,
      "responseTtlMs": 2592000000,
      "reuseProcesses": true,
      "role": "both",
      "runTtlMs": 604800000,
      "sessionTtlMs": 3600000,
      "shutdownGraceMs": 10000,
      "silenceTimeoutMs": 600000,
      "stalledIntervalMs": 2000,
      "startTimeoutMs": 60000,
      "stateDir": "/home/somebody/.local/state/claude-code-proxy",
      "suspendedCallTtlMs": 600000,
      "transcripts": "local",
      "warmProcesses": 2,
      "webhookAllowedHosts": [],
      "workerConcurrency": 2,
      "workerLockMs": 5000,
      "workerTags": [],
    }
  `);
});

test('an empty variable counts as not set', () => {
  expect(readConfig({ ...environment, PORT: '', PROXY_API_KEY: ' ' })).toEqual(
    readConfig(environment),
  );
});

test('all complaints come at once, one line for each setting', () => {
  const bad = {
    ...environment,
    PORT: '99999',
    HOST: 'not a host',
    LOG_LEVEL: 'loud',
    REQUEST_TIMEOUT_MS: '5s',
    QUEUE_TIMEOUT_MS: '3000000000',
    WORKER_CONCURRENCY: '0',
    ALLOW_BYPASS_PERMISSIONS: 'perhaps',
    CHILD_ENV: 'GOOD_NAME,bad-name',
    MODEL_ALIASES: 'gpt-4o',
    CORS_ORIGINS: 'https://chat.example.com/path',
  };
  expect(complaintsAbout(bad)).toMatchInlineSnapshot(`
    "PORT is "99999", but must be a whole number from 0 to 65535.
    HOST is "not a host", but must be an IP address or a host name.
    LOG_LEVEL is "loud", but must be one of trace, debug, info, warn, error, fatal, silent.
    REQUEST_TIMEOUT_MS is "5s", but must be a whole number of milliseconds from 1 to 2147483647.
    WORKER_CONCURRENCY is "0", but must be a whole number from 1 to 1000.
    QUEUE_TIMEOUT_MS is "3000000000", but must be a whole number of milliseconds from 1 to 2147483647.
    ALLOW_BYPASS_PERMISSIONS is "perhaps", but must be true or false.
    CHILD_ENV is "GOOD_NAME,bad-name", but must be a comma-separated list of names of variables, PROXY_API_KEY, REDIS_URL and CLUSTER_SECRET not among them.
    MODEL_ALIASES is "gpt-4o", but must be a comma-separated list like gpt-4o=sonnet,gpt-4o-mini=haiku.
    CORS_ORIGINS is "https://chat.example.com/path", but must be a comma-separated list of origins like https://chat.example.com, or *."
  `);
});

test('a complaint about the key does not show the key', () => {
  expect(complaintsAbout({ PROXY_API_KEY: 'too-short' })).toMatchInlineSnapshot(
    `"PROXY_API_KEY is a text of 9 characters, but must be at least 16 printable ASCII characters without blanks."`,
  );
});

test('a key with a blank in it is refused: no header could carry it', () => {
  expect(complaintsAbout({ PROXY_API_KEY: 'long enough but with blanks' })).toContain('blanks');
});

test.each(['PROXY_API_KEY', 'REDIS_URL', 'CLUSTER_SECRET'])(
  '%s cannot be handed to the CLI',
  (name) => {
    expect(complaintsAbout({ CHILD_ENV: name })).toContain('not among them');
  },
);

test.each([
  [{ ROLE: 'worker' }, 'ROLE is "worker", which needs a REDIS_URL.'],
  [{ REDIS_URL: 'redis://localhost' }, 'REDIS_URL is set, which needs a CLUSTER_SECRET.'],
  [{ REDIS_URL: 'redis+sentinel://a:secret@host' }, 'but must be the address of one Redis'],
  [
    { STALLED_INTERVAL_MS: '9000', REDIS_URL: 'redis://h', CLUSTER_SECRET: 'x'.repeat(32) },
    'at most',
  ],
])('%j does not make a cluster', (settings, complaint) => {
  expect(complaintsAbout(settings)).toContain(complaint);
  expect(complaintsAbout(settings)).not.toContain('secret');
});

test('the processes follow the concurrency', () => {
  expect(readConfig({ ...environment, WORKER_CONCURRENCY: '5' }).maxProcesses).toBe(14);
});

test('fewer processes than may run at the same time are refused', () => {
  expect(complaintsAbout({ WORKER_CONCURRENCY: '5', MAX_PROCESSES: '4' })).toBe(
    'MAX_PROCESSES is 4, but must be at least WORKER_CONCURRENCY, which is 5.',
  );
});

test('the state folder follows XDG_STATE_HOME, and the workspace follows the state folder', () => {
  expect(readConfig({ XDG_STATE_HOME: '/var/state' })).toMatchObject({
    stateDir: '/var/state/claude-code-proxy',
    defaultWorkspaceDir: '/var/state/claude-code-proxy/workspace',
  });
  expect(readConfig({ STATE_DIR: '/srv/state' })).toMatchObject({
    stateDir: '/srv/state',
    defaultWorkspaceDir: '/srv/state/workspace',
    allowedRoots: ['/srv/state/workspace'],
  });
});

test('allowed roots come beside the default workspace', () => {
  const { allowedRoots } = readConfig({
    DEFAULT_WORKSPACE_DIR: '/srv/work',
    ALLOWED_ROOTS: '/srv/one:~/two:/srv/work',
  });
  expect(allowedRoots).toEqual(['/srv/work', '/srv/one', `${homedir()}/two`]);
});

test.for(['files.corp', 'printer.', '10.1.0.0/16', '192.168.7.7', 'fd00:1::/32', '::1'])(
  'images may be allowed from %s',
  (entry) => {
    expect(readConfig({ ...environment, MEDIA_ALLOWED_HOSTS: entry }).mediaAllowedHosts).toEqual([
      entry,
    ]);
  },
);

test.for(['http://files.corp', 'files.corp:80', '10.1.0.0/33', '10.1.0.0/', 'a/8', '*.corp'])(
  'images cannot be allowed from %s',
  (entry) => {
    expect(complaintsAbout({ MEDIA_ALLOWED_HOSTS: entry })).toContain('MEDIA_ALLOWED_HOSTS');
  },
);

test.for(['files.example.com', 'printer', '10.1.0.7', 'fd00::1'])(
  '%s may be an own name',
  (host) => {
    expect(readConfig({ ...environment, ALLOWED_HOSTS: host }).allowedHosts).toEqual([host]);
  },
);

test.for(['http://proxy.example.com', 'proxy.example.com:80', '10.1.0.0/16', '*'])(
  '%s cannot be an own name',
  (entry) => {
    expect(complaintsAbout({ ALLOWED_HOSTS: entry })).toContain('ALLOWED_HOSTS');
  },
);

test.for(['app://obsidian.md', 'chrome-extension://abcdefgh', 'http://localhost:3000', '*'])(
  'pages of %s may be allowed',
  (origin) => {
    expect(readConfig({ ...environment, CORS_ORIGINS: origin }).corsOrigins).toEqual([origin]);
  },
);

test.for(['chat.example.com', 'https://chat.example.com/', 'app://notes/page', 'null'])(
  'pages of %s cannot be allowed',
  (origin) => {
    expect(complaintsAbout({ CORS_ORIGINS: origin })).toContain('CORS_ORIGINS');
  },
);

test('lists may have blanks and empty entries', () => {
  expect(
    readConfig({
      ...environment,
      CHILD_ENV: ' ONE, TWO,',
      MODEL_ALIASES: 'gpt-4o=sonnet, best = opus ,odd=a=b',
      CORS_ORIGINS: 'https://chat.example.com, http://localhost:3000',
    }),
  ).toMatchObject({
    childEnv: ['ONE', 'TWO'],
    modelAliases: new Map([
      ['gpt-4o', 'sonnet'],
      ['best', 'opus'],
      ['odd', 'a=b'],
    ]),
    corsOrigins: ['https://chat.example.com', 'http://localhost:3000'],
  });
});

function complaintsAbout(bad: Record<string, string>): string {
  try {
    readConfig({ ...environment, ...bad });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('There was no complaint.');
}
