/**
 * What signs webhooks: 24 to 64 bytes, in base64.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const WEBHOOK_SECRET =
  /^whsec_(?:[A-Za-z0-9+/]{4}){8,21}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** How it is told what it must be. */
export const WEBHOOK_SECRET_WORDS =
  '`whsec_` and 24 to 64 bytes in base64, as `echo whsec_$(openssl rand -base64 32)` makes it';
