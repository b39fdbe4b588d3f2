import type { Context, Handler } from 'hono';

import type { AppEnv } from '../../http/variables.ts';
import { type ApiKey, OWNER } from '../../keys/api-key.ts';
import type { LimitUse } from '../../limits/key-limits.ts';
import {
  type NamedUsage,
  NO_USAGE,
  USAGE_RANGES,
  type UsageRange,
  type UsageSums,
} from '../../observation/requests/usage.ts';
import type { AdminParts } from './admin-parts.ts';
import { readRange } from './read-range.ts';

/** `GET /api/admin/usage?range=day`: who used what, and what is left of each key's limits. */
export function getUsage(parts: AdminParts): Handler<AppEnv> {
  return async (c) => {
    const { range, fromMs, usage, keys } = await readUsage(parts, readUsageRange(c));
    return c.json({
      range,
      from: toTime(fromMs),
      keptSince: toTime(usage.keptSinceMs),
      whole: toBody(usage.whole),
      keys: keys.map(toKeyBody),
      models: usage.models.map(({ name, ...sums }) => ({ model: name, ...toBody(sums) })),
      apis: usage.dialects.map(({ name, ...sums }) => ({ api: name, ...toBody(sums) })),
    });
  };
}

/** The range that a request asks for; a day by default. Throws `invalid-request`. */
export function readUsageRange(c: Context): UsageRange {
  return readRange(c, USAGE_RANGES, 'day');
}

/** What a key used, and how it stands with its limits. */
export type KeyUsage = {
  id: string;
  /** The id, where the key was revoked. */
  name: string;
  sums: UsageSums;
  limits: readonly LimitUse[];
  /** Milliseconds since 1970, as far as it is kept. */
  lastUsedAtMs: number | undefined;
  /**
   * When it may ask again, in milliseconds since 1970; `undefined` where it may now, or as soon as one of its
   * requests ends.
   */
  opensAtMs: number | undefined;
};

/** Every key that there is, and every one that used something in the range. */
export async function readUsage(parts: AdminParts, range: UsageRange) {
  const { watch, keyStore } = parts;
  const fromMs = Date.now() - USAGE_RANGES[range];
  const usage = await watch.requests.readUsage(fromMs);
  const further = await keyStore.list().catch(() => []); // a broken file takes nothing else away
  const known: readonly ApiKey[] = [OWNER, ...further];
  const revoked = usage.keys.filter(({ name }) => known.every(({ id }) => id !== name));
  const keys = await Promise.all([
    ...known.map((key) => readKeyUsage(parts, key, usage.keys)),
    ...revoked.map(({ name: id }) => readKeyUsage(parts, { id, name: id, scopes: [] }, usage.keys)),
  ]);
  return { range, fromMs, usage, keys };
}

async function readKeyUsage(
  { watch, limits }: AdminParts,
  key: ApiKey,
  used: readonly NamedUsage[],
): Promise<KeyUsage> {
  const uses = await limits.readUses(key);
  return {
    id: key.id,
    name: key.name,
    sums: used.find(({ name }) => name === key.id) ?? NO_USAGE,
    limits: uses,
    lastUsedAtMs: watch.requests.readLastUse(key.id),
    opensAtMs: toOpening(uses),
  };
}

/** When the last of the limits that are reached begins anew. */
function toOpening(uses: readonly LimitUse[]) {
  const reached = uses.filter(({ used, most }) => used >= most);
  const times = reached.map(({ resetsAtMs }) => resetsAtMs).filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
}

function toKeyBody({ id, name, sums, limits, lastUsedAtMs, opensAtMs }: KeyUsage) {
  return {
    key: id,
    keyName: name,
    ...toBody(sums),
    lastUsedAt: toTime(lastUsedAtMs),
    opensAt: toTime(opensAtMs),
    limits: limits.map(({ resetsAtMs, ...use }) => ({ ...use, resetsAt: toTime(resetsAtMs) })),
  };
}

function toBody({ requests, errors, cancelled, costUsd, ...sums }: UsageSums) {
  return {
    requests,
    errors,
    cancelled,
    tokens: {
      input: sums.inputTokens,
      output: sums.outputTokens,
      cacheRead: sums.cacheReadTokens,
      cacheWrite: sums.cacheWriteTokens,
    },
    costUsd,
  };
}

function toTime(atMs: number | undefined) {
  return atMs === undefined ? null : new Date(atMs).toISOString();
}
