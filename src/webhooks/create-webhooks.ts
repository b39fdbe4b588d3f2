import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { within } from '../common/within.ts';
import { readTarget } from './read-target.ts';
import { type Delivery, sendWebhook } from './send-webhook.ts';

/** Where a caller wants to be told, and the key of the signatures (`whsec_…`). */
export type Webhook = { url: string; secret: string };

export type WebhookOptions = {
  /** Hosts, addresses and networks that may be told although they are private, and without TLS. */
  allowedHosts: readonly string[];
  /** Told of a message that was given up. */
  onGivenUp: (report: { host: string; subject: string; err: unknown }) => void;
  /** Longest time of one attempt, in milliseconds. Default: 10 s. */
  timeoutMs?: number;
  /** How long to wait before each further attempt, in milliseconds. Default: 1 s to half an hour. */
  retryDelaysMs?: readonly number[];
};

export type Webhooks = {
  /** Throws `invalid-request` for an address that is never sent to. Names are looked up when they are sent to. */
  check: (webhook: Webhook) => void;
  /** Lets it be sent, behind what was told before of the same subject. Never throws, and holds nobody up. */
  send: (webhook: Webhook, subject: string, message: { type: string; data: object }) => void;
  /** Tries nothing again, and gives what is on its way a moment. */
  close: () => Promise<void>;
};

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

const ATTEMPT_TIMEOUT_MS = 10 * SECOND_MS;

const RETRY_DELAYS_MS = [
  SECOND_MS,
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  30 * MINUTE_MS,
];

/** Messages of one subject that may wait for an address that does not answer; more are given up. */
const MAX_WAITING = 100;

/** Time for what is on its way when the server ends, in milliseconds. */
const LAST_WORDS_MS = 2000;

type Line = { waiting: number; last: Promise<void> };

/** Makes what tells callers' own servers, signed as https://www.standardwebhooks.com says. */
export function createWebhooks({
  allowedHosts,
  onGivenUp,
  timeoutMs = ATTEMPT_TIMEOUT_MS,
  retryDelaysMs = RETRY_DELAYS_MS,
}: WebhookOptions): Webhooks {
  const lines = new Map<string, Line>();
  const closing = new AbortController();
  const cut = new AbortController();

  const deliver = async (delivery: Delivery) => {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const timeout = AbortSignal.timeout(timeoutMs);
        await sendWebhook(delivery, AbortSignal.any([timeout, cut.signal]));
        return;
      } catch (error) {
        const delayMs = retryDelaysMs[attempt];
        if (delayMs === undefined || closing.signal.aborted) throw error;
        await delay(delayMs, undefined, { ref: false, signal: closing.signal });
      }
    }
  };

  return {
    check({ url }) {
      readTarget(url, allowedHosts);
    },
    send({ url, secret }, subject, { type, data }) {
      const line = lines.get(subject) ?? { waiting: 0, last: Promise.resolve() };
      const giveUp = (err: unknown) =>
        onGivenUp({ host: URL.parse(url)?.host ?? '', subject, err });
      if (line.waiting >= MAX_WAITING) return giveUp(new Error('Too many messages wait.'));
      const text = JSON.stringify({ type, timestamp: new Date().toISOString(), data });
      const id = `msg_${randomUUID()}`;
      line.waiting += 1;
      line.last = line.last
        .then(() => deliver({ id, text, secret, target: readTarget(url, allowedHosts) }))
        .catch(giveUp)
        .finally(() => {
          line.waiting -= 1;
          if (line.waiting === 0) lines.delete(subject);
        });
      lines.set(subject, line);
    },
    async close() {
      closing.abort(new Error('The server ended.'));
      await within(Promise.all([...lines.values()].map(({ last }) => last)), LAST_WORDS_MS);
      cut.abort(closing.signal.reason);
    },
  };
}
