import type { MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

import { IMPORT_MAP_SOURCE } from './packages.ts';

/** Everything that the pages use comes from this server; nothing in them is inline but the map of packages. */
export function securePages(): MiddlewareHandler {
  return secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'", IMPORT_MAP_SOURCE],
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
