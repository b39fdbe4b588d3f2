import { defineConfig, type OxlintOverride } from 'oxlint';

const CANONICAL = 'run.ts run-input.ts run-error.ts run-answer.ts batch.ts';

/**
 * What each room may import beyond itself: files and folders of `src/` (folders end in `/`), and packages.
 * A room that is not named here imports nothing else. Where several names fit a file, the last one counts.
 */
const ROOMS: Readonly<Record<string, string>> = {
  '*.ts':
    'zod node:* run.ts run-error.ts is-inside.ts host-list.ts setting-schemas.ts settings.ts webhook-secret.ts tags.ts',
  '{run,run-agent,run-input,run-error,run-answer}.ts':
    'run.ts run-agent.ts run-input.ts run-error.ts',
  'backend.ts': 'run.ts run-input.ts run-error.ts sessions/session-transcript.ts',

  'wire-calls.ts': 'run-error.ts run-wire.ts within.ts zod node:*',

  'common/**': 'node:*',

  // Inside the CLI's room imports run one way: launch, process, pool, spares, and then chat or agent.
  'claude/launch/**':
    'run.ts cli-versions.ts is-inside.ts loopback.ts read-json.ts execa zod node:*',
  'claude/process/**':
    'run.ts run-error.ts read-json.ts split-lines.ts ../launch/ execa p-limit zod node:*',
  'claude/{chat,agent}/**': `${CANONICAL} round-usd.ts within.ts split-lines.ts expiring-map.ts cli-versions.ts backend.ts sessions/session-transcript.ts ../launch/ ../process/ ../idle-pool.ts ../spares.ts ajv zod node:*`,
  'claude/chat/histories/**': `${CANONICAL} ../abilities.ts ../bind.ts ../chat-process.ts ../chat-turn.ts ../fingerprint.ts ../kept-processes.ts ../suspended-calls.ts ../upstream-form/ ../../launch/ ../../process/ node:*`,
  'claude/chat/enforced/**': `${CANONICAL} expiring-map.ts ../chat-request.ts ../read-chat-events.ts ../../process/`,
  'claude/*.ts': `${CANONICAL} backend.ts config.ts within.ts zod node:*`,

  'cluster/**':
    'run.ts run-input.ts run-error.ts run-wire.ts wire-calls.ts backend.ts sessions/session-transcript.ts tags.ts within.ts expiring-map.ts state/shared-state.ts bullmq ioredis zod node:*',

  'layers/**': `${CANONICAL} backend.ts config.ts deadline.ts read-json.ts tags.ts allowed-folders.ts host-list.ts keys/ limits/ media/ observation/ sessions/ threads/ tracing/tracing.ts ajv re2js p-limit node:*`,

  // Dialects are pure: neither Hono, nor Node, nor each other.
  'dialects/*.ts': `${CANONICAL} zod`,
  'dialects/*/**': `${CANONICAL} tool-rule.ts tags.ts read-json.ts webhook-secret.ts ../dialect.ts ../operation.ts ../trial.ts ../shared/ zod`,
  'dialects/openai-responses/tools/**': `${CANONICAL} ../body.ts ../content.ts ../../shared/ zod`,
  'openapi/**': 'run-error.ts dialects/ keys/api-key.ts zod',

  'http/**':
    'run.ts run-error.ts deadline.ts loopback.ts dialects/bodies.ts dialects/dialect.ts dialects/shared/is-too-deep.ts keys/ limits/ observation/ threads/ tracing/tracing.ts hono @hono/* @fastify/busboy pino rate-limiter-flexible ws zod node:*',
  'routes/**': `${CANONICAL} backend.ts cli-versions.ts most-losses.ts plan-windows.ts deadline.ts within.ts split-lines.ts dialects/ http/ keys/ limits/ observation/ openapi/ responses/ agent-runs/ batches/ sessions/session-transcript.ts hono @hono/* zod node:events node:timers/promises`,
  'dashboard/**': `${CANONICAL} plan-windows.ts agent-runs/ dialects/index.ts dialects/trial.ts http/ keys/ limits/ observation/ responses/ routes/ sessions/session-transcript.ts state/shared-state.ts hono zod node:*`,

  'keys/**':
    'run.ts run-input.ts run-error.ts tool-rule.ts tags.ts host-list.ts backend.ts settings.ts state/ p-limit zod node:*',
  'limits/**': 'run.ts run-error.ts within.ts keys/ state/ node:*',
  'sessions/**': 'run.ts run-error.ts state/ zod node:*',
  'responses/**': 'run-error.ts config.ts deadline.ts most-losses.ts state/ zod node:*',
  'agent-runs/**':
    'run.ts run-input.ts run-error.ts wire-calls.ts backend.ts config.ts deadline.ts within.ts round-usd.ts state/ webhooks/ zod node:*',
  'batches/**':
    'batch.ts run-error.ts config.ts deadline.ts most-losses.ts within.ts state/ zod node:*',
  'observation/**':
    'run.ts run-error.ts wire-calls.ts backend.ts round-usd.ts within.ts config.ts state/ tracing/tracing.ts pino prom-client zod node:*',
  'tracing/**': 'run.ts within.ts @opentelemetry/* node:*',
  'alerts/**': 'config.ts webhooks/ zod node:*',
  'webhooks/**': 'run-error.ts loopback.ts within.ts media/ standardwebhooks node:*',
  'media/**': 'run.ts run-error.ts loopback.ts node:*',
  'state/**': 'ioredis node:*',
  'threads/**': 'node:*',
  'demo/**': 'ajv zod node:*',

  'cli/**':
    'config.ts cli-versions.ts loopback.ts server.ts server/open-shared.ts settings.ts tool-rule.ts dialects/index.ts dialects/trial.ts claude/launch/ demo/ keys/ dashboard/ routes/ state/ zod node:*',
  '{bin,cli}.ts': 'cli.ts cli/ zod node:*',
  'app.ts':
    'run.ts run-input.ts backend.ts agent-runs/ batches/ dashboard/ dialects/ http/ keys/ layers/ limits/ observation/ openapi/ routes/ hono',
  'agent-client/**': 'dialects/ zod',
  'index.ts': 'agent-client/ run-input.ts app.ts backend.ts keys/ run.ts run-error.ts',
};

/** Longest file of `src/`, and longest function in it, in lines; one that puts parts together may be longer. */
const LONGEST = { file: 250, function: 60, compositionRoot: 90 };

/** Files that are tables may be longer. */
const TABLES = ['src/settings.ts'];

/** Functions that put parts together, each on one screen. */
const COMPOSITION_ROOTS = [
  'src/app.ts',
  'src/server/server-parts.ts',
  'src/claude/create-claude-backend.ts',
];

/** The composition root: the only place that sees both the CLI and HTTP. */
const ROOT = ['src/server.ts', 'src/server/**'];

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'promise', 'node', 'vitest'],
  options: { typeAware: true },
  categories: { correctness: 'error', suspicious: 'error' },
  rules: {
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/switch-exhaustiveness-check': [
      'error',
      { considerDefaultExhaustiveForUnions: true },
    ],
    'node/no-process-env': 'error',
    'import/no-cycle': 'error',
    'no-underscore-dangle': 'off',
    'typescript/consistent-return': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
  },
  ignorePatterns: ['dist'],
  overrides: [
    ...allow('**', ''),
    ...Object.entries(ROOMS).flatMap(([room, others]) => allow(room, others)),
    { files: ROOT, rules: { 'no-restricted-imports': 'off' } },
    {
      files: ['src/**'],
      rules: {
        'max-lines': ['error', LONGEST.file],
        'max-lines-per-function': ['error', LONGEST.function],
      },
    },
    { files: TABLES, rules: { 'max-lines': 'off' } },
    {
      files: COMPOSITION_ROOTS,
      rules: { 'max-lines-per-function': ['error', LONGEST.compositionRoot] },
    },
    {
      files: ['src/{cli,bin}.ts', '{tests,bench,scripts,examples}/**', '*.config.ts'],
      rules: { 'node/no-process-env': 'off' },
    },
  ],
});

/** A file outside all folders is a room of its own; a folder inside a room may import the whole room. */
function allow(room: string, others: string) {
  const allowed = others.split(' ').filter(Boolean).flatMap(toPatterns);
  const isFile = !room.includes('/') && room !== '**';
  const isWholeRoom = /^[\w-]+\/\*\*$/.test(room);
  return [
    toOverride(room, isFile ? ['**', ...allowed] : ['**', '!./**', ...allowed]),
    ...(isWholeRoom
      ? [toOverride(room.replace('/', '/*/'), ['**', '!./**', '!../**', '../../**', ...allowed])]
      : []),
  ];
}

/** The patterns are .gitignore's: what one forbids, a later one with `!` allows again. */
function toOverride(files: string, group: string[]): OxlintOverride {
  const message = 'A room imports only itself and what oxlint.config.ts names for it.';
  return {
    files: [`src/${files}`],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] },
  };
}

/** A file or folder however deep the importing file lies; a package with its entry points. */
function toPatterns(other: string) {
  if (!/(\.ts|\/)$/.test(other)) return [`!${other}`, `!${other}/**`];
  const path = other.endsWith('/') ? `${other}**` : other;
  return [other.startsWith('../') ? `!${path}` : `!**/${path}`];
}
