import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { type Setting, SETTINGS, type SettingName } from './settings.ts';

/** What the server runs with: every setting of `SETTINGS`, checked, under its name in camelCase. */
export type Config = Omit<GivenSettings, keyof DerivedSettings> & DerivedSettings;

/** Variables of an environment, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings whose default follows from other settings or from the environment. */
type DerivedSettings = {
  maxProcesses: number;
  warmProcesses: number;
  stateDir: string;
  defaultWorkspaceDir: string;
  /** Holds the default workspace, always. */
  allowedRoots: readonly string[];
};

type GivenSettings = {
  [Name in SettingName as CamelCase<Name>]:
    | z.output<(typeof SETTINGS)[Name]['schema']>
    | ((typeof SETTINGS)[Name]['default'] extends string ? never : undefined);
};

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Rest}`
  ? `${Lowercase<Head>}${Capitalize<CamelCase<Rest>>}`
  : Lowercase<Name>;

/** Settings that do not do; the message has one line for each of them. */
class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads the settings from environment variables; an empty one counts as not set.
 * Throws `ConfigError` with all complaints at once.
 */
export function readConfig(environment: Environment): Config {
  const complaints: string[] = [];
  const given = readGiven(environment, complaints);
  const config = complaints.length === 0 ? withDerived(given, environment) : undefined;
  if (config !== undefined && config.maxProcesses < config.workerConcurrency) {
    complaints.push(
      `MAX_PROCESSES is ${config.maxProcesses}, but must be at least WORKER_CONCURRENCY, which is ${config.workerConcurrency}.`,
    );
  }
  if (config !== undefined) complaints.push(...listClusterComplaints(config));
  if (config?.alertWebhook !== undefined && config.alertWebhookSecret === undefined) {
    complaints.push(
      'ALERT_WEBHOOK is set, and needs ALERT_WEBHOOK_SECRET to sign what it is sent.',
    );
  }
  if (config === undefined || complaints.length > 0) {
    throw new ConfigError(complaints.join('\n'));
  }
  return config;
}

function listClusterComplaints(config: Config): string[] {
  const { redisUrl, clusterSecret, role, workerLockMs, stalledIntervalMs } = config;
  if (redisUrl === undefined) {
    return role === 'both' ? [] : [`ROLE is "${role}", which needs a REDIS_URL.`];
  }
  return [
    ...(clusterSecret === undefined ? ['REDIS_URL is set, which needs a CLUSTER_SECRET.'] : []),
    ...(stalledIntervalMs > workerLockMs
      ? [`STALLED_INTERVAL_MS is ${stalledIntervalMs}, but must be at most WORKER_LOCK_MS.`]
      : []),
  ];
}

function readGiven(environment: Environment, complaints: string[]): GivenSettings {
  const given: Record<string, unknown> = {};
  for (const [name, setting] of Object.entries<Setting>(SETTINGS)) {
    const text = environment[name]?.trim() || setting.default;
    if (text === undefined) {
      continue;
    }
    const parsed = setting.schema.safeParse(text);
    if (parsed.success) {
      given[toCamelCase(name)] = parsed.data;
    } else {
      complaints.push(`${name} is ${toShown(text, setting)}, but must be ${setting.expected}.`);
    }
  }
  // Each field was just parsed by the schema that its type comes from; a loop cannot tell the compiler.
  return given as GivenSettings;
}

function withDerived(given: GivenSettings, environment: Environment): Config {
  const stateDir = given.stateDir ?? toDefaultStateFolder(environment);
  const defaultWorkspaceDir = given.defaultWorkspaceDir ?? join(stateDir, 'workspace');
  return {
    ...given,
    maxProcesses: given.maxProcesses ?? 2 * given.workerConcurrency + 4,
    warmProcesses: given.warmProcesses ?? given.workerConcurrency,
    stateDir,
    defaultWorkspaceDir,
    allowedRoots: [...new Set([defaultWorkspaceDir, ...(given.allowedRoots ?? [])])],
  };
}

function toDefaultStateFolder(environment: Environment): string {
  const home = environment['HOME'] || homedir();
  return resolve(environment['XDG_STATE_HOME'] || join(home, '.local/state'), 'claude-code-proxy');
}

function toShown(text: string, setting: Setting): string {
  return setting.isSecret === true ? `a text of ${text.length} characters` : JSON.stringify(text);
}

function toCamelCase(name: string): string {
  return name.toLowerCase().replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
