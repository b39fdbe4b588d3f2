import { describe, expect, test } from 'vitest';

import { createPlanLimits } from '../../src/claude/plan-limits.ts';

const NOW_MS = Date.parse('2026-11-28T12:00:00Z');
const SOON = NOW_MS / 1000 + 3600;

const create = () => createPlanLimits(() => NOW_MS);

describe('what the CLI tells behind an answer', () => {
  // As 2.1.330 tells it.
  const info = {
    status: 'allowed',
    resetsAt: SOON,
    rateLimitType: 'five_hour',
    isUsingOverage: false,
    unifiedWindows: {
      five_hour: { utilization: 0.87, resetsAt: SOON, status: 'allowed_warning' },
      seven_day: { utilization: 0.42, resetsAt: SOON + 1, status: 'allowed' },
    },
  };

  test('is kept by window, the newest counts', () => {
    const limits = create();
    limits.note(info);
    limits.note({ ...info, unifiedWindows: { five_hour: { utilization: 0.9, resetsAt: SOON } } });
    expect(limits.list()).toEqual([
      { window: 'five_hour', used: 0.9, isReached: false, resetsAtMs: SOON * 1000 },
      { window: 'seven_day', used: 0.42, isReached: false, resetsAtMs: (SOON + 1) * 1000 },
    ]);
  });

  test.each([
    [{ status: 'rejected' }, true],
    [{ status: 'rejected', isUsingOverage: true }, false],
  ])('%o, as an older CLI tells it without windows: reached is %s', (changes, isReached) => {
    const limits = create();
    const { unifiedWindows: _, ...old } = info;
    limits.note({ ...old, utilization: 1, ...changes });
    expect(limits.list()).toEqual([
      { window: 'five_hour', used: 1, isReached, resetsAtMs: SOON * 1000 },
    ]);
  });

  test('is nothing where no window is named, and is forgotten with the login', () => {
    const limits = create();
    limits.note({ status: 'allowed' });
    expect(limits.list()).toEqual([]);
    limits.note(info);
    limits.forget();
    expect(limits.list()).toEqual([]);
  });

  test('holds until the window begins anew', () => {
    let nowMs = NOW_MS;
    const limits = createPlanLimits(() => nowMs);
    limits.note(info);
    nowMs = SOON * 1000;
    expect(limits.list().map(({ window }) => window)).toEqual(['seven_day']);
  });
});

describe('what it answers to get_usage', () => {
  const rate_limits = {
    five_hour: { utilization: 87, resets_at: '2026-11-28T13:00:00.123456+00:00' },
    seven_day: { utilization: 100, resets_at: '2026-11-30T13:00:00Z' },
    seven_day_opus: null,
    seven_day_sonnet: { utilization: 0, resets_at: null },
    extra_usage: { is_enabled: false, monthly_limit: null, used_credits: null, utilization: null },
    model_scoped: [],
  };

  test('is read in percent', () => {
    const limits = create();
    limits.noteAsked({ subscription_type: 'max', rate_limits_available: true, rate_limits });
    expect(limits.list()).toEqual([
      {
        window: 'five_hour',
        used: 0.87,
        isReached: false,
        resetsAtMs: Date.parse('2026-11-28T13:00:00.123Z'),
      },
      {
        window: 'seven_day',
        used: 1,
        isReached: true,
        resetsAtMs: Date.parse('2026-11-30T13:00:00Z'),
      },
    ]);
  });

  test('a full window refuses nothing where more is paid for', () => {
    const limits = create();
    const extra_usage = { ...rate_limits.extra_usage, is_enabled: true };
    limits.noteAsked({ rate_limits: { ...rate_limits, extra_usage } });
    expect(limits.list().some(({ isReached }) => isReached)).toBe(false);
  });

  test.each([[{ rate_limits: null }], [undefined], [{ rate_limits: { five_hour: 'much' } }]])(
    '%o tells of no plan',
    (answer) => {
      const limits = create();
      limits.noteAsked(answer);
      expect(limits.list()).toEqual([]);
    },
  );
});
