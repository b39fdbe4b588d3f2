/** What a batch's requests may be posted to. */
export const BATCH_ENDPOINTS = [
  '/v1/chat/completions',
  '/v1/responses',
  '/v1/completions',
] as const;

export type BatchEndpoint = (typeof BATCH_ENDPOINTS)[number];

/** Whether a path is one of them. */
export function isBatchEndpoint(path: string): path is BatchEndpoint {
  return BATCH_ENDPOINTS.some((endpoint) => endpoint === path);
}
