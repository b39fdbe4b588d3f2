import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

/** Everything that the pages use comes from this server; nothing in them is inline. */
export function securePages(): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'"],
      imgSrc: ["'self'"],
      connectSrc: ["'self'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
      baseUri: ["'none'"],
    },
    xFrameOptions: 'DENY',
    // With `no-referrer` the forms of the page would send `Origin: null`, like those of a stranger.
    referrerPolicy: 'same-origin',
    // Whether there is TLS is the operator's business.
    strictTransportSecurity: false,
  });
}
