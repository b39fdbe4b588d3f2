import { Webhook as Signer } from 'standardwebhooks';

import { requestGuarded } from '../media/request-guarded.ts';
import type { Target } from './read-target.ts';

/** One message: its id is the same at every attempt, `text` what is signed and sent. */
export type Delivery = { id: string; text: string; secret: string; target: Target };

/**
 * Sends a message once. Throws when it does not arrive, and for every status but a 2xx: redirects are not
 * followed.
 */
export async function sendWebhook({ id, text, secret, target }: Delivery, signal: AbortSignal) {
  const now = new Date();
  const response = await requestGuarded(target.url, {
    mayConnect: target.mayConnect,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'user-agent': 'claude-code-proxy',
      'webhook-id': id,
      'webhook-timestamp': Math.floor(now.getTime() / 1000),
      'webhook-signature': new Signer(secret).sign(id, now, text),
    },
    body: text,
    signal,
  });
  const { statusCode = 0 } = response;
  response.destroy(); // what it says is of no interest
  if (statusCode < 200 || statusCode > 299) throw new Error(`It answered with ${statusCode}.`);
}
