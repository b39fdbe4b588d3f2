import { z } from 'zod';

import type { PlanLimit } from '../backend.ts';
import type { RateLimitInfo } from './process/protocol.ts';

/** What is known of the limits of the account's plan. */
export type PlanLimits = {
  /** Takes what the CLI reports after an answer. */
  note: (info: RateLimitInfo) => void;
  /** Takes the CLI's answer to `get_usage`; one without a plan changes nothing. */
  noteAsked: (answer: unknown) => void;
  /** Without the windows that have begun anew since. */
  list: () => readonly PlanLimit[];
  /** Another account may be logged in. */
  forget: () => void;
};

/** The windows of the plan, among others of another form; percent, and a time of ISO 8601 (CLI 2.1.330). */
const Usage = z.object({
  rate_limits: z.looseObject({ extra_usage: z.object({ is_enabled: z.boolean() }).nullish() }),
});
const Window = z.object({ utilization: z.number(), resets_at: z.iso.datetime({ offset: true }) });
const WINDOW_NAME = /^(five_hour|seven_day)/;

/** Remembers the newest that the CLI reported. `now`: milliseconds since 1970, by default the clock's. */
export function createPlanLimits(now: () => number = Date.now): PlanLimits {
  const known = new Map<string, PlanLimit>();
  const add = (limit: PlanLimit) => void known.set(limit.window, limit);

  return {
    note: (info) => toLimits(info).forEach(add),
    noteAsked: (answer) => toAskedLimits(answer).forEach(add),
    list: () => [...known.values()].filter(({ resetsAtMs }) => resetsAtMs > now()),
    forget: () => known.clear(),
  };
}

/** Older CLIs report only the window that is nearest to its limit. */
function toLimits(info: RateLimitInfo): readonly PlanLimit[] {
  const { unifiedWindows, rateLimitType, isUsingOverage, ...whole } = info;
  const windows = Object.entries(
    unifiedWindows ?? (rateLimitType && { [rateLimitType]: whole }) ?? {},
  );
  return windows.flatMap(([window, { utilization, resetsAt, status }]) => {
    const isReached = status === 'rejected' && isUsingOverage !== true;
    const used = utilization ?? (isReached ? 1 : undefined);
    if (used === undefined || resetsAt == null) return [];
    return [{ window, used, isReached, resetsAtMs: resetsAt * 1000 }];
  });
}

function toAskedLimits(answer: unknown): readonly PlanLimit[] {
  const { extra_usage: extra, ...windows } = Usage.safeParse(answer).data?.rate_limits ?? {};
  return Object.entries(windows).flatMap(([window, value]) => {
    const read = WINDOW_NAME.test(window) ? Window.safeParse(value) : undefined;
    if (!read?.success) return [];
    const used = read.data.utilization / 100;
    const isReached = used >= 1 && extra?.is_enabled !== true;
    return [{ window, used, isReached, resetsAtMs: Date.parse(read.data.resets_at) }];
  });
}
