import { readSse } from './read-sse.ts';
import type { Proxy } from './start-proxy.ts';

/** An event of a run, whatever it holds. */
export type Told = { type: string; id: string; [field: string]: unknown };

export type FollowedRun = {
  id: string;
  /** The next event of this type. Throws when the run ends without one. */
  until: (type: string) => Promise<Told>;
};

/** Follows a run from its first event. */
export function followRun(proxy: Pick<Proxy, 'send'>, id: string): FollowedRun {
  const events = readAll(proxy, id);
  return {
    id,
    async until(type) {
      for (let step = await events.next(); !step.done; step = await events.next()) {
        if (step.value.type === type) return step.value;
      }
      throw new Error(`The run ended without ${type}.`);
    },
  };
}

/** Starts a run in the background that asks for leave, and follows it. */
export async function startRun(proxy: Pick<Proxy, 'send'>, body: object = {}) {
  const asked = { model: 'sonnet', prompt: 'Work.', permissionMode: 'ask', background: true };
  const response = await proxy.send('/api/run', { ...asked, ...body });
  const { id } = (await response.json()) as { id: string }; // a run
  return followRun(proxy, id);
}

async function* readAll(proxy: Pick<Proxy, 'send'>, id: string) {
  for await (const { data } of readSse(await proxy.send(`/api/runs/${id}/events`))) {
    yield JSON.parse(data) as Told;
  }
}
