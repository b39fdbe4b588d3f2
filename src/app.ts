import { Hono } from 'hono';

import type { RunBook } from './agent-runs/run-book.ts';
import type { ReadCliStatus } from './backend.ts';
import type { OpenedBatches } from './batches/open-batches.ts';
import { createIdentifyKey } from './dashboard/sign-in/identify-key.ts';
import { mountDashboard } from './dashboard/mount-dashboard.ts';
import { mountSignIn } from './dashboard/sign-in/mount-sign-in.ts';
import { toShownPages } from './dashboard/pages.ts';
import { createSignIns, type SignIns } from './dashboard/sign-in/sign-ins.ts';
import { withSignIn } from './dashboard/sign-in/with-sign-in.ts';
import { anthropicMessages } from './dialects/anthropic-messages/index.ts';
import { CountTokensBody } from './dialects/anthropic-messages/body.ts';
import { direct } from './dialects/direct/index.ts';
import { APIS } from './dialects/index.ts';
import { openaiResponses } from './dialects/openai-responses/index.ts';
import type { KeyBook } from './keys/key-book.ts';
import type { KeyStore } from './keys/key-store.ts';
import type { KeyLimits } from './limits/key-limits.ts';
import { allowOrigins } from './http/allow-origins.ts';
import { authenticate, type AuthenticateOptions } from './http/authenticate.ts';
import { checkHost, checkOrigin } from './http/check-host-and-origin.ts';
import { traceRequest } from './http/trace-request.ts';
import { identifyRequest } from './http/identify-request.ts';
import { type BodyMeterOptions, limitBody } from './http/body/limit-body.ts';
import { createRequestLog, type Log } from './http/log-request.ts';
import { readPath } from './http/read-path.ts';
import { refuseLoops } from './http/refuse-loops.ts';
import { requireScope } from './http/require-scope.ts';
import { showLimits } from './http/show-limits.ts';
import { showPlanLimits } from './http/show-plan-limits.ts';
import { trackAnswer } from './http/track-answer.ts';
import { timeout } from './http/timeout.ts';
import { validate } from './http/body/validate.ts';
import type { AppEnv } from './http/variables.ts';
import { combineObservers } from './observation/run-record.ts';
import type { Watch } from './observation/watch.ts';
import { withContentLog } from './layers/with-content-log.ts';
import { withObservation } from './layers/with-observation.ts';
import { mountAdmin } from './routes/admin/mount-admin.ts';
import { mountBatches, mountUploads } from './routes/batches/mount-batches.ts';
import { chooseFailures } from './routes/choose-failures.ts';
import { countMessageTokens } from './routes/count-tokens.ts';
import { type HealthParts, health } from './routes/health/health.ts';
import { localMetrics } from './routes/metrics.ts';
import { mountCatalogue } from './routes/mount-catalogue.ts';
import { mountModels } from './routes/models.ts';
import { noRoute, refuseOtherMethods } from './routes/no-route.ts';
import { openapi } from './routes/openapi.ts';
import { ready } from './routes/health/ready.ts';
import { respondFailure, toRequestError } from './routes/respond-failure.ts';
import { mountResponses } from './routes/responses/mount-responses.ts';
import type { ResponseParts } from './routes/responses/response-parts.ts';
import { runDialect } from './routes/run-dialect.ts';
import { mountRuns } from './routes/runs/mount-runs.ts';
import { toServedPaths } from './routes/served-paths.ts';
import { type IdleSessionBook, mountSessions, type SessionBook } from './routes/sessions.ts';
import type { CountTokens, Run } from './run.ts';
import type { ReadMedia } from './run-input.ts';

/** Everything the app is made of; a test or an embedding application hands in its own. */
export type AppParts = {
  run: Run;
  /** The keys of which callers must show one. */
  keys: KeyBook;
  /** The browsers that are signed in to the page. Default: to this app alone, until it ends. */
  signIns?: SignIns | undefined;
  /** The further keys, for their operator to edit. */
  keyStore: KeyStore;
  /** What the answers' headers and the page tell of limits; the run itself holds to them. */
  limits: Pick<KeyLimits, 'enter' | 'standing' | 'readUses'>;
  countTokens: CountTokens;
  readCliStatus: ReadCliStatus;
  health: HealthParts;
  sessions: SessionBook;
  /** What is done with sessions between their runs. */
  idleSessions: IdleSessionBook;
  responses: ResponseParts;
  /** The runs of agents, and what is kept of them. */
  runs: RunBook;
  /** Reads the images of results that are given to them. */
  readMedia: ReadMedia;
  /** Batches of both APIs, and their files. */
  batches: OpenedBatches;
  /** Resolves when runs may begin that no caller waits for. Default: it has. */
  started?: Promise<void>;
  /** What hears of every run. */
  watch: Watch;
  log: Log;
  settings: AppSettings;
};

export type AppSettings = AuthenticateOptions & {
  /** Longest time for a request, from its arrival, in milliseconds. */
  requestTimeoutMs: number;
  /** WebSockets that one key may have open. */
  maxWebSocketsPerKey: number;
  /** Largest request body, in bytes. */
  maxBodyBytes: number;
  /** What the bodies of all requests under way may take together. */
  heldBodies?: BodyMeterOptions;
  /** Largest file, in bytes. */
  maxFileBytes: number;
  /** Further model names → the model they mean. */
  modelAliases: ReadonlyMap<string, string>;
  /** The address on which the server listens. */
  host: string;
  /** Further host names by which callers may reach the server. */
  allowedHosts: readonly string[];
  /** Web origins whose pages may call; none switches CORS off. */
  corsOrigins: readonly string[];
  /** The header by which a request of an own CLI is known. */
  hopHeader: string;
  /** Whether answers tell in their headers how far the account's plan is used up. */
  planLimitHeaders: boolean;
  /** Whether prompts and answers stand in the log. */
  logContent: boolean;
};

/**
 * Makes the app: a plain `fetch(request)` handler with every route, which mounts in another app. `parts`
 * are the server's own (`src/server/server-parts.ts`), with a `run` of your choice in place of the CLI's.
 *
 * @example
 * const app = createApp({ ...parts, run });
 * const site = new Hono();
 * site.mount('/claude', app.fetch);
 *
 * const response = await site.request('/claude/v1/chat/completions', {
 *   method: 'POST',
 *   headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
 *   body: JSON.stringify({ model: 'sonnet', messages: [{ role: 'user', content: 'Hello.' }] }),
 * });
 * const { choices } = await response.json();
 */
export function createApp(parts: AppParts) {
  const { run, keys, keyStore, limits, health: healthParts, watch, log, settings } = parts;
  const app = new Hono<AppEnv>({ getPath: readPath });
  const requestLog = createRequestLog(log);
  const observer = combineObservers([watch.observer, requestLog.observer]);
  const toObserved: ToObserved = ({ name }) => {
    const logged = settings.logContent ? withContentLog(run, log) : run;
    return withObservation(logged, observer, { dialect: name });
  };

  app.use(identifyRequest, trackAnswer, requestLog.handler, traceRequest(watch.tracing));
  nameApis(app);
  app.use(checkHost(settings), checkOrigin(settings.corsOrigins));
  if (settings.corsOrigins.length > 0) app.use(allowOrigins(settings.corsOrigins));
  app.get('/health', health(healthParts));
  app.get('/api/hello', (c) => c.json({ message: 'hello' }));
  app.get('/ready', ready(healthParts));
  app.get('/openapi.json', openapi(healthParts));
  app.get('/metrics', localMetrics(watch.metrics));
  const authentication = authenticate(keys, settings);
  const dashboard = {
    health: healthParts,
    watch,
    keys,
    keyStore,
    limits,
    sessions: parts.sessions,
    responses: parts.responses.book,
    runs: parts.runs,
  };
  const { signIns = createSignIns() } = parts;
  mountSignIn(app, {
    signIns,
    identifyKey: createIdentifyKey(authentication),
    pages: toShownPages(dashboard),
  });

  app.use(withSignIn(signIns), refuseLoops(settings.hopHeader), authentication);
  app.use(showLimits(limits, chooseFailures), refuseOtherMethods(app));
  if (settings.planLimitHeaders) app.use(showPlanLimits(healthParts.planLimits));
  app.use(timeout(settings.requestTimeoutMs));
  mountUploads(app, { ...parts, ...settings });
  app.use(limitBody(settings.maxBodyBytes, settings.heldBodies));

  mountAgents(app, parts, toObserved);
  mountChats(app, parts, toObserved);
  mountAdmin(app, dashboard);
  mountDashboard(app, dashboard);

  app.notFound(noRoute);
  app.onError((error, c) => {
    const failure = toRequestError(error);
    c.set('failure', failure);
    return respondFailure(c, failure, chooseFailures(c));
  });
  return app;
}

/** The run that records what a dialect asks of it. */
type ToObserved = (dialect: { name: string }) => Run;

/** Tells what comes later on which API's path a request is. */
function nameApis(app: Hono<AppEnv>) {
  for (const api of APIS) {
    app.on('ALL', api.paths.flatMap(toServedPaths).map(toBranch), async (c, next) => {
      c.set('api', api);
      await next();
    });
  }
}

function mountAgents(app: Hono<AppEnv>, parts: AppParts, toObserved: ToObserved) {
  const { runs, readMedia, started = Promise.resolve(), responses } = parts;
  app.on(
    'ALL',
    ['/api/run', '/api/runs/*', '/api/approvals', '/api/events', '/api/sessions/*'],
    requireScope('agent'),
  );
  const { stopping } = responses;
  mountRuns(app, { run: toObserved(direct), book: runs, readMedia, stopping, started });
  mountSessions(app, parts.sessions, parts.idleSessions);
}

function mountChats(app: Hono<AppEnv>, parts: AppParts, toObserved: ToObserved) {
  const { countTokens, readCliStatus, responses, settings, batches } = parts;
  const { started = Promise.resolve() } = parts;
  for (const dialect of APIS.flatMap(({ dialects }) => dialects)) {
    if (dialect.name === direct.name) continue; // its runs are on record

    const answer = runDialect(dialect, toObserved(dialect));
    app.on('POST', toServedPaths(dialect.path), validate(dialect.body), answer);
  }
  for (const api of APIS) mountCatalogue(app, api, { readCliStatus, ...settings });
  mountResponses(app, {
    run: toObserved(openaiResponses),
    countTokens,
    started,
    ...responses,
    ...settings,
  });
  app.on(
    'POST',
    toServedPaths(`${anthropicMessages.path}/count_tokens`),
    validate(CountTokensBody),
    countMessageTokens(countTokens),
  );
  mountBatches(app, { batches, toRun: toObserved, responses, started, ...settings });
  mountModels(app, readCliStatus, settings.modelAliases);
}

/** The path itself and all below it, as Hono writes that. */
function toBranch(path: string) {
  return `${path}/*`;
}
