import { z } from 'zod';

const BatchRequest = z.looseObject({
  custom_id: z.string().regex(/^[\w-]{1,64}$/, 'must be 1 to 64 letters, digits, - and _'),
  /** Checked when its turn comes: what is wrong with one request is its own. */
  params: z.record(z.string(), z.unknown()),
});

/** What `POST /v1/messages/batches` takes. */
export const MessageBatchBody = z.looseObject({
  requests: z.array(BatchRequest).min(1).superRefine(refuseTwins),
});

export type MessageBatchBody = z.infer<typeof MessageBatchBody>;

function refuseTwins(
  requests: readonly z.infer<typeof BatchRequest>[],
  context: z.RefinementCtx<readonly z.infer<typeof BatchRequest>[]>,
) {
  const seen = new Set<string>();
  for (const [index, { custom_id }] of requests.entries()) {
    if (seen.has(custom_id)) {
      const message = 'another request of the batch has it';
      return context.addIssue({ code: 'custom', path: [index, 'custom_id'], message });
    }
    seen.add(custom_id);
  }
}
