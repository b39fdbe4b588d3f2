import { delimiter } from 'node:path';
import { z } from 'zod';
import { isHostEntry } from './common/host-list.ts';
import {
  folder,
  isHost,
  isHostOrNetwork,
  isOrigin,
  list,
  milliseconds,
  oneOf,
  toAbsolutePath,
  toMap,
  toPair,
  wholeNumber,
} from './setting-schemas.ts';
import { TAG, TAG_WORDS } from './common/tags.ts';
import { WEBHOOK_SECRET, WEBHOOK_SECRET_WORDS } from './common/webhook-secret.ts';

/** One setting: its check, its default and what a person must know to set it. */
export type Setting = {
  schema: z.ZodType<unknown, string>;
  /** What the value must be, as it stands after "must be". */
  expected: string;
  /** In the notation of the environment; `undefined` when not set means something of its own. */
  default: string | undefined;
  /** What holds when there is no `default`. */
  otherwise?: string;
  unit?: 'ms' | 'bytes';
  /** The value is never shown. */
  isSecret?: true;
  meaning: string;
};

// Node's timers fire at once when the delay is longer than 32 bits hold.
const LONGEST_TIMER_MS = 2_147_483_647;
const TEN_YEARS_MS = 315_360_000_000;
const FOLDER_OF_LIST = delimiter === ':' ? 'colons' : 'semicolons';

/** Every setting of the server, by the name of its environment variable. */
export const SETTINGS = {
  PORT: {
    ...wholeNumber(0, 65_535),
    default: '6789',
    meaning: 'Port to listen on; 0 takes any free one.',
  },
  HOST: {
    schema: z.string().regex(/^[\w.:-]+$/),
    expected: 'an IP address or a host name',
    default: '127.0.0.1',
    meaning: 'Address to listen on; 0.0.0.0 opens the server to the network.',
  },
  ALLOWED_HOSTS: {
    schema: list(',', z.string().refine(isHost)),
    expected: 'a comma-separated list of host names and IP addresses without ports',
    default: '',
    meaning:
      'Names, comma-separated, by which callers reach the server beside `localhost` and `HOST`: those of a reverse proxy, and of this machine.',
  },
  PROXY_API_KEY: {
    // It must fit into an HTTP header as it stands.
    schema: z.string().regex(/^[!-~]{16,}$/),
    expected: 'at least 16 printable ASCII characters without blanks',
    default: undefined,
    otherwise: 'made at the first start',
    isSecret: true,
    meaning:
      'Key of the owner, which may do everything. Without it, the key in the state folder holds.',
  },
  OLLAMA_KEY: {
    schema: z.string().regex(/^[\w][\w.@-]{0,63}$/),
    expected: 'the name or the id of a key',
    default: undefined,
    otherwise: 'none',
    meaning:
      'Name of the key that stands for programs on this machine that call the Ollama routes without one, as Ollama clients do.',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    schema: z.string().regex(/^https?:\/\/\S+$/),
    expected: 'the address of a collector, like http://127.0.0.1:4318',
    default: undefined,
    otherwise: 'no traces',
    meaning:
      'OpenTelemetry collector to which traces are sent by OTLP over HTTP, see docs/tracing.md; further `OTEL_…` variables are the SDK’s.',
  },
  LOG_LEVEL: {
    ...oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    default: 'info',
    meaning: 'Least important log line that is written.',
  },
  LOG_CONTENT: {
    schema: z.stringbool(),
    expected: 'true or false',
    default: 'false',
    meaning: 'Whether prompts, answers and tool inputs stand in the log, for debugging.',
  },
  PLAN_LIMIT_HEADERS: {
    schema: z.stringbool(),
    expected: 'on or off',
    default: 'off',
    meaning:
      'Whether answers tell every caller, in the headers `anthropic-ratelimit-unified-5h-utilization`, `-5h-reset`, `-7d-utilization` and `-7d-reset`, how far the plan of the login is used up.',
  },
  MAX_KEPT_REQUESTS: {
    ...wholeNumber(0, 10_000_000),
    default: '100000',
    meaning:
      'Requests whose times, tokens and outcome are kept for the page, never what was said; the oldest make room, 0 keeps none.',
  },
  REQUEST_TIMEOUT_MS: {
    ...milliseconds(LONGEST_TIMER_MS),
    default: '290000',
    meaning: 'Longest time for a request, from its arrival, waiting included.',
  },
  START_TIMEOUT_MS: {
    ...milliseconds(LONGEST_TIMER_MS),
    default: '60000',
    meaning: 'Longest time for a CLI process to come up and to take the conversation.',
  },
  FIRST_BYTE_TIMEOUT_MS: {
    ...milliseconds(LONGEST_TIMER_MS),
    default: '240000',
    meaning: 'Longest time from the question to the first event of its answer.',
  },
  SILENCE_TIMEOUT_MS: {
    ...milliseconds(LONGEST_TIMER_MS),
    // A model that thinks unseen may say nothing for minutes: the CLI does not pass the API's pings on.
    default: '600000',
    meaning:
      'Longest time without a sign of life in the middle of an answer; an agent’s tools may work longer.',
  },
  WORKER_CONCURRENCY: {
    ...wholeNumber(1, 1000),
    default: '2',
    meaning: 'Requests that run at the same time.',
  },
  MAX_QUEUE_SIZE: {
    ...wholeNumber(0, 1_000_000),
    default: '100',
    meaning: 'Requests that may wait for their turn; the next one gets a 429.',
  },
  QUEUE_TIMEOUT_MS: {
    ...milliseconds(LONGEST_TIMER_MS),
    default: '60000',
    meaning: 'Longest time that a request waits for its turn before it gets a 503.',
  },
  MAX_PROCESSES: {
    ...wholeNumber(1, 10_000),
    default: undefined,
    otherwise: '2 × WORKER_CONCURRENCY + 4',
    meaning:
      'CLI processes alive at the same time, at least WORKER_CONCURRENCY; each takes 200 MB.',
  },
  WARM_PROCESSES: {
    ...wholeNumber(0, 1000),
    default: undefined,
    otherwise: 'WORKER_CONCURRENCY',
    meaning:
      'CLI processes started ahead in quiet moments, bound to nobody, within MAX_PROCESSES; 0 for none.',
  },
  REUSE_PROCESSES: {
    schema: z.stringbool(),
    expected: 'on or off',
    default: 'on',
    meaning:
      'Whether a CLI process serves one caller’s requests one after the other, if the CLI can go back in a conversation; off gives one process per request.',
  },
  KEPT_PROCESS_TTL_MS: {
    ...milliseconds(LONGEST_TIMER_MS),
    default: '600000',
    meaning: 'Longest time that a CLI process is kept for its next request.',
  },
  MAX_TURNS_PER_PROCESS: {
    ...wholeNumber(1, 1_000_000),
    default: '500',
    meaning: 'User messages, replayed ones included, after which a CLI process is replaced.',
  },
  MAX_PROCESS_RSS_BYTES: {
    ...wholeNumber(1_048_576, 1_099_511_627_776),
    default: '536870912',
    unit: 'bytes',
    meaning: 'Memory of a CLI process above which it is not used again.',
  },
  MAX_SUSPENDED_CALLS: {
    ...wholeNumber(0, 10_000),
    default: '4',
    meaning:
      'CLI processes that may wait for the results of tool calls; a conversation without one is rebuilt.',
  },
  SUSPENDED_CALL_TTL_MS: {
    ...milliseconds(LONGEST_TIMER_MS),
    default: '600000',
    meaning: 'Longest time that a CLI process waits for the results of tool calls.',
  },
  MAX_BODY_BYTES: {
    ...wholeNumber(1024, 1_073_741_824),
    default: '33554432',
    unit: 'bytes',
    meaning: 'Largest request body; a larger one gets a 413.',
  },
  MEDIA_MAX_BYTES: {
    ...wholeNumber(1024, 1_073_741_824),
    default: '25165824', // what fits as base64 into the API's 32 MB
    unit: 'bytes',
    meaning:
      'Largest image or document, and the most that is fetched from web addresses for one request.',
  },
  MEDIA_MAX_URLS: {
    ...wholeNumber(0, 1000),
    default: '20',
    meaning: 'Web addresses of images and documents that are fetched for one request.',
  },
  MEDIA_TIMEOUT_MS: {
    ...milliseconds(LONGEST_TIMER_MS),
    default: '15000',
    meaning: 'Longest time to fetch the images and documents of one request.',
  },
  MEDIA_ALLOWED_HOSTS: {
    schema: list(',', z.string().refine(isHostOrNetwork)),
    expected: 'a comma-separated list of host names, IP addresses and networks like 10.1.0.0/16',
    default: '',
    meaning:
      'Hosts, IP addresses and networks, comma-separated, from which images and documents are fetched although they are private, on any port.',
  },
  WEBHOOK_ALLOWED_HOSTS: {
    schema: list(',', z.string().refine(isHostOrNetwork)),
    expected: 'a comma-separated list of host names, IP addresses and networks like 10.1.0.0/16',
    default: '',
    meaning:
      'Hosts, IP addresses and networks, comma-separated, to which webhooks are sent although they are private, without TLS, too.',
  },
  ALERT_WEBHOOK: {
    schema: z.url({ protocol: /^https?$/ }),
    expected: 'an http or https address',
    default: undefined,
    otherwise: 'nobody is told',
    meaning:
      'Address that is told when something needs a person (a login that is gone, a full disk …), and when it is over.',
  },
  ALERT_WEBHOOK_SECRET: {
    schema: z.string().regex(WEBHOOK_SECRET),
    expected: WEBHOOK_SECRET_WORDS,
    default: undefined,
    otherwise: 'none; ALERT_WEBHOOK needs one',
    isSecret: true,
    meaning: 'Secret with which the messages to `ALERT_WEBHOOK` are signed.',
  },
  SHUTDOWN_GRACE_MS: {
    ...milliseconds(LONGEST_TIMER_MS, 0),
    default: '10000',
    meaning: 'Time that running requests have to finish when the server stops.',
  },
  SESSION_TTL_MS: {
    ...milliseconds(TEN_YEARS_MS),
    default: '3600000',
    meaning: 'Time after its last use when a session is deleted.',
  },
  MAX_SESSIONS_PER_KEY: {
    ...wholeNumber(1, 100_000),
    default: '10',
    meaning: 'Sessions kept for one key; the one idle longest makes room.',
  },
  RESPONSE_TTL_MS: {
    ...milliseconds(TEN_YEARS_MS),
    default: '2592000000',
    meaning: 'Time after which a stored response of `/v1/responses` is deleted.',
  },
  MAX_RESPONSES_PER_KEY: {
    ...wholeNumber(1, 1_000_000),
    default: '1000',
    meaning: 'Responses stored for one key; the oldest makes room.',
  },
  MAX_RESPONSE_BYTES_PER_KEY: {
    ...wholeNumber(1024, 1_099_511_627_776),
    default: '1073741824',
    unit: 'bytes',
    meaning: 'Size of the responses stored for one key, inputs included; the oldest make room.',
  },
  MAX_WEB_SOCKETS_PER_KEY: {
    ...wholeNumber(1, 100_000),
    default: '100',
    meaning: 'WebSockets of `/v1/responses` that one key may have open; the next one gets a 429.',
  },
  BACKGROUND_TIMEOUT_MS: {
    ...milliseconds(LONGEST_TIMER_MS),
    default: '3600000',
    meaning: 'Longest time of a background response of `/v1/responses`, or of an agent’s run.',
  },
  RUN_TTL_MS: {
    ...milliseconds(TEN_YEARS_MS),
    default: '604800000',
    meaning: 'Time after its end when an agent’s run and its events are deleted.',
  },
  MAX_RUN_BYTES_PER_KEY: {
    ...wholeNumber(1024, 1_099_511_627_776),
    default: '268435456',
    unit: 'bytes',
    meaning: 'Size of the ended runs of one key, events included; the oldest make room.',
  },
  MAX_BACKGROUND_RUNS_PER_KEY: {
    ...wholeNumber(1, 1_000_000),
    default: '1000',
    meaning: 'Runs of one key that may go on or wait in the background; the next one gets a 429.',
  },
  MAX_FILE_BYTES: {
    ...wholeNumber(1024, 1_099_511_627_776),
    default: '209715200', // OpenAI's own limit
    unit: 'bytes',
    meaning: 'Largest file that `/v1/files` takes; a larger one gets a 413.',
  },
  BATCH_WINDOW_MS: {
    ...milliseconds(TEN_YEARS_MS),
    default: '86400000',
    meaning: 'Time that a batch has; requests without an answer have expired then.',
  },
  BATCH_TTL_MS: {
    ...milliseconds(TEN_YEARS_MS),
    default: '2592000000',
    meaning:
      'Time after its end when a batch and its answers are deleted, and after its upload when a file is.',
  },
  MAX_BATCH_BYTES_PER_KEY: {
    ...wholeNumber(1024, 1_099_511_627_776),
    default: '1073741824',
    unit: 'bytes',
    meaning:
      'Size of the files and batches of one key, answers included; what ended first makes room, and what does not fit then gets a 413.',
  },
  MAX_BATCH_REQUESTS_PER_KEY: {
    ...wholeNumber(1, 10_000_000),
    default: '100000',
    meaning:
      'Requests in the batches of one key that may be without an answer; a further batch gets a 429.',
  },
  APPROVAL_TIMEOUT_MS: {
    ...milliseconds(LONGEST_TIMER_MS),
    default: '1800000',
    meaning:
      'Longest time that an agent’s run waits for an answer of its caller, for leave or to a question; then it is denied.',
  },
  MAX_WAITING_RUNS_PER_KEY: {
    ...wholeNumber(1, 100_000),
    default: '5',
    meaning:
      'Runs of one key that may wait for an answer, each with its process; what a further one asks is denied. All keys together have MAX_PROCESSES less WORKER_CONCURRENCY.',
  },
  DEFAULT_WORKSPACE_DIR: {
    ...folder(),
    default: undefined,
    otherwise: '`workspace` in the state folder',
    meaning: 'Folder in which `/api/run` works when the request names none.',
  },
  ALLOWED_ROOTS: {
    schema: list(delimiter, z.string().transform(toAbsolutePath)),
    expected: `a list of folders separated by ${FOLDER_OF_LIST}`,
    default: undefined,
    otherwise: 'the default workspace only',
    meaning: `Folders, separated by ${FOLDER_OF_LIST}, inside which \`/api/run\` may work, beside the default workspace.`,
  },
  ALLOW_BYPASS_PERMISSIONS: {
    schema: z.stringbool(),
    expected: 'true or false',
    default: 'false',
    meaning: 'Whether `/api/run` may ask for `bypassPermissions`: tools then run unasked.',
  },
  AGENT_SETTINGS: {
    schema: list(',', z.enum(['user', 'project', 'local'])),
    expected: 'a comma-separated list of user, project and local',
    default: '',
    meaning:
      'Setting files of this machine, comma-separated, that agents obey: `user`, `project`, `local`. They may hold hooks and permissions.',
  },
  AGENT_MCP_CONFIG: {
    schema: z.string().transform(toAbsolutePath),
    expected: 'the path of a file',
    default: undefined,
    otherwise: 'no MCP servers',
    meaning:
      'File of the MCP servers, in the notation of the CLI, that agents get; requests allow their tools like others.',
  },
  MCP_ALLOWED_HOSTS: {
    schema: list(',', z.string().refine(isHostEntry)),
    expected: 'a comma-separated list of host names and IP addresses, with or without ports',
    default: '',
    meaning:
      'Hosts, comma-separated, with a port or for all ports, whose MCP servers `/api/run` may name, for keys that may; redirects from there are followed, so name only what you trust.',
  },
  AGENT_SANDBOX: {
    schema: z.stringbool(),
    expected: 'true or false',
    default: 'false',
    meaning:
      'Whether the commands of agents run in the sandbox of the CLI; where the platform has none, agents then do not run.',
  },
  AGENT_TASKS_TIMEOUT_MS: {
    ...milliseconds(LONGEST_TIMER_MS),
    default: '120000',
    meaning:
      'Longest time that an agent’s run waits, behind its last words, for background tasks that give no sign of life, within SILENCE_TIMEOUT_MS; then they are stopped, and the answer names them.',
  },
  STATE_DIR: {
    ...folder(),
    default: undefined,
    otherwise: '`$XDG_STATE_HOME/claude-code-proxy` or `~/.local/state/claude-code-proxy`',
    meaning: 'State folder: the keys, the sessions, the list of running processes.',
  },
  CLAUDE_PATH: {
    schema: z.string().transform(toAbsolutePath),
    expected: 'the path of the claude program',
    default: undefined,
    otherwise: 'looked for on PATH and where its installers put it',
    meaning: 'The `claude` program to use.',
  },
  CLAUDE_MAX_RETRIES: {
    ...wholeNumber(0, 10),
    default: '2',
    meaning: 'How often the CLI tries an API call again.',
  },
  CHILD_ENV: {
    schema: list(
      ',',
      z.string().regex(/^(?!(?:PROXY_API_KEY|REDIS_URL|CLUSTER_SECRET)$)[A-Za-z_]\w*$/),
    ),
    expected:
      'a comma-separated list of names of variables, PROXY_API_KEY, REDIS_URL and CLUSTER_SECRET not among them',
    default: '',
    meaning: 'Further environment variables, comma-separated, that the CLI may see.',
  },
  MODEL_ALIASES: {
    schema: list(
      ',',
      z
        .string()
        .regex(/^[^=]+=.+$/)
        .transform(toPair),
    ).transform(toMap),
    expected: 'a comma-separated list like gpt-4o=sonnet,gpt-4o-mini=haiku',
    default: '',
    meaning: 'Further names for models, comma-separated, like `gpt-4o=sonnet,gpt-4o-mini=haiku`.',
  },
  CORS_ORIGINS: {
    schema: list(',', z.string().refine(isOrigin)),
    expected: 'a comma-separated list of origins like https://chat.example.com, or *',
    default: '',
    meaning:
      'Web origins, comma-separated, whose pages may call the server; `*` for all, none for no page.',
  },
  REDIS_URL: {
    schema: z.string().regex(/^rediss?:\/\/\S+$/),
    expected:
      'the address of one Redis, like redis://host:6379 or rediss://user:password@host:6379',
    default: undefined,
    otherwise: 'this machine alone',
    isSecret: true,
    meaning:
      'Redis through which several machines work as one, see docs/cluster.md. One Redis or Valkey; Sentinel and Redis Cluster are not supported.',
  },
  CLUSTER_SECRET: {
    schema: z.string().regex(/^[!-~]{32,}$/),
    expected: 'at least 32 printable ASCII characters without blanks',
    default: undefined,
    otherwise: 'needed with REDIS_URL',
    isSecret: true,
    meaning:
      'Secret that all machines of a cluster share: what passes through Redis is encrypted and signed with it.',
  },
  CLUSTER_PREFIX: {
    schema: z.string().regex(/^[\w-]{1,40}$/),
    expected: 'up to 40 letters, digits, underscores and hyphens',
    default: 'claude-proxy',
    meaning: 'What every key of a cluster in Redis begins with.',
  },
  ROLE: {
    ...oneOf(['both', 'front', 'worker']),
    default: 'both',
    meaning:
      'What the program is in a cluster: `front` serves HTTP and needs no CLI, `worker` runs the CLI, `both` does both.',
  },
  WORKER_TAGS: {
    schema: list(',', z.string().regex(TAG)),
    expected: `a comma-separated list, each ${TAG_WORDS}`,
    default: '',
    meaning:
      'Tags, comma-separated, of what only this server or worker has, such as `gpu`: a request (`tags` of `/api/run`) and a key may ask for them. It has one more, `account:` with the account of its CLI.',
  },
  TRANSCRIPTS: {
    ...oneOf(['local', 'shared']),
    default: 'local',
    meaning:
      'Where a worker of a cluster has the transcripts of sessions: `local` to its machine, which then goes on with them alone, or `shared` with all workers that say so, see docs/cluster.md.',
  },
  WORKER_LOCK_MS: {
    ...milliseconds(600_000, 500),
    default: '5000',
    meaning:
      'Time without a sign of life after which a worker or a front of a cluster counts as lost.',
  },
  STALLED_INTERVAL_MS: {
    ...milliseconds(600_000, 100),
    default: '2000',
    meaning: 'How often a cluster looks for the requests of lost workers.',
  },
} as const satisfies Record<string, Setting>;

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** Tells whether a variable of the environment is a setting of the server. */
export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}
