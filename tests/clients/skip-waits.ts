import { vi } from 'vitest';

type Range = { fromMs: number; toMs: number };

/** Makes the waits of that length end at once, and lists them, until `restore()`. */
export function skipWaits({ fromMs, toMs }: Range): { waitsMs: number[]; restore(): void } {
  const waitsMs: number[] = [];
  const { setTimeout } = globalThis;
  const spy = vi
    .spyOn(globalThis, 'setTimeout')
    .mockImplementation((callback: () => void, delayMs = 0) => {
      if (delayMs < fromMs || delayMs > toMs) return setTimeout(callback, delayMs);
      waitsMs.push(delayMs);
      return setTimeout(callback, 0);
    });
  return { waitsMs, restore: () => spy.mockRestore() };
}
