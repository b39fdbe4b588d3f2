import { createAnswerChecks } from './answer-check/answer-check.ts';
import { toAccountTags } from '../common/tags.ts';
import type { AllowedFolders } from '../allowed-folders.ts';
import type { Backend, Steering } from '../backend.ts';
import type { Config } from '../config.ts';
import { createFetchMedia } from '../media/fetch-media.ts';
import { createMayConnect } from '../media/may-connect.ts';
import { createReadMedia, withMedia } from './with-media.ts';
import { countWithLoginAdvice, withLoginAdvice } from './with-login-advice.ts';
import { countWithKey, type KeyParts, withKey } from './with-key.ts';
import type { CountTokens, Run } from '../run.ts';
import type { ReadMedia } from '../run-input.ts';
import { withBlankStops } from './with-blank-stops.ts';
import type { Gate } from './gate.ts';
import {
  countBehindGate,
  createHeldPlaces,
  type HeldPlaces,
  steerThroughGate,
  withGate,
} from './with-gate.ts';
import {
  countWithModelAliases,
  steerWithModelAliases,
  withModelAliases,
} from './with-model-aliases.ts';
import { withMcpServers } from './with-mcp-servers.ts';
import { withPermissionMode } from './with-permission-mode.ts';
import { withRetry } from './with-retry.ts';
import { withStrictTools } from './with-strict-tools.ts';
import { countWithTags, type TagsOptions, withTags } from './with-tags.ts';
import { withStructuredOutput } from './with-structured-output.ts';
import { withWatchdogs } from './with-watchdogs.ts';
import { withStop } from './with-stop.ts';
import { withFoldersElsewhere, withWorkingDirectory } from './with-working-directory.ts';
import type { Sessions } from '../sessions/session-book.ts';
import { withSessions } from './with-sessions.ts';
import { withTracing, withTurnTracing, withWorkerTracing } from './with-tracing.ts';
import type { Tracing } from '../tracing/tracing.ts';

export type RunParts = {
  config: Config;
  backend: Backend;
  sessions: Sessions;
  gate: Gate;
  keys: KeyParts;
  /** How a person at the server logs the CLI in. */
  loginCommand: string;
  /** Told when a run is tried again. Default: nobody. */
  onRetry?: () => void;
  /** Makes spans. Default: nothing does. */
  tracing?: Tracing | undefined;
  /** Ends every run when it aborts. */
  stopped: AbortSignal;
  /** Whether runs go on in workers, whose own layers watch over them and their folders. Default: no. */
  isElsewhere?: boolean;
};

export type LayeredRun = {
  run: Run;
  countTokens: CountTokens;
  steering: Steering;
  readMedia: ReadMedia;
};

const RETRY = { maxRetries: 2, firstDelayMs: 250 };

/** The whole stack around what answers, outermost layer last. */
export function createRun(parts: RunParts): LayeredRun {
  const { config, backend } = parts;
  const folders = toAllowedFolders(config);
  const places = createHeldPlaces(parts.gate);

  const readMedia = createReadMedia({
    fetchMedia: createFetchMedia(createMayConnect(config.mediaAllowedHosts)),
    maxBytes: config.mediaMaxBytes,
    maxUrls: config.mediaMaxUrls,
    timeoutMs: config.mediaTimeoutMs,
  });

  const withFolders = (inner: Run) =>
    parts.isElsewhere ? withFoldersElsewhere(inner) : withWorkingDirectory(inner, folders);

  const toCheck = createAnswerChecks(); // one thread for both

  let run: Run = parts.isElsewhere ? backend.run : watchOver(parts);
  run = withStructuredOutput(run, toCheck);
  run = withStrictTools(run, toCheck);
  run = withBlankStops(run);
  run = withGate(run, places, backend.anticipate, !parts.isElsewhere);
  run = withMedia(run, readMedia); // outside the gate: who fetches holds no place
  run = withFolders(run); // a session's own folder is checked anew each time
  run = withSessions(run, parts.sessions, backend.createSessionId);
  run = withFolders(run);
  run = withPermissionMode(run, { allowBypass: config.allowBypassPermissions });
  run = withMcpServers(run, config.mcpAllowedHosts);
  if (!parts.isElsewhere) run = withTags(run, toTags(parts));
  run = withModelAliases(run, config.modelAliases);
  run = withKey(run, parts.keys);
  run = withLoginAdvice(run, parts.loginCommand);
  run = withStop(run, parts.stopped);
  run = withTracing(run, parts.tracing);
  return {
    run,
    countTokens: createCountTokens(parts),
    steering: steer(parts, places),
    readMedia,
  };
}

/** The layers that stand beside the CLI, in a worker of a cluster. */
export function createWorkerRun(parts: WatchedParts): Run {
  const run = withWorkingDirectory(watchOver(parts), toAllowedFolders(parts.config));
  return withWorkerTracing(run, parts.tracing);
}

type WatchedParts = Pick<RunParts, 'config' | 'backend' | 'tracing' | 'onRetry'>;

function watchOver({ config, backend, tracing, onRetry }: WatchedParts): Run {
  const run = withWatchdogs(backend.run, {
    start: config.startTimeoutMs,
    'first-byte': config.firstByteTimeoutMs,
    silence: config.silenceTimeoutMs,
  });
  return withRetry(withTurnTracing(run, tracing), { ...RETRY, ...(onRetry && { onRetry }) });
}

/** What is said to runs on their way goes through what concerns it. */
function steer({ backend, config }: RunParts, places: HeldPlaces) {
  return steerWithModelAliases(steerThroughGate(backend.steering, places), config.modelAliases);
}

/** The layers that counting needs, too. */
function createCountTokens(parts: RunParts): CountTokens {
  const { backend, gate, config, keys, loginCommand } = parts;
  let count = countBehindGate(backend.countTokens, gate);
  if (!parts.isElsewhere) count = countWithTags(count, toTags(parts));
  count = countWithModelAliases(count, config.modelAliases);
  count = countWithKey(count, keys);
  return countWithLoginAdvice(count, loginCommand);
}

/** What this server has: what the settings say, and whose login. */
export function toTags({ config, backend }: Pick<RunParts, 'config' | 'backend'>): TagsOptions {
  const readMore = async () => toAccountTags((await backend.readStatus()).account);
  return { tags: config.workerTags, readMore };
}

/** Where agents may work. */
export function toAllowedFolders(
  config: Pick<Config, 'defaultWorkspaceDir' | 'allowedRoots' | 'stateDir'>,
): AllowedFolders {
  return {
    defaultFolder: config.defaultWorkspaceDir,
    allowedRoots: config.allowedRoots,
    stateFolder: config.stateDir,
  };
}
