import type { BatchProblem } from '../../batch.ts';
import type { BatchLine } from './body.ts';

/** Makes what checks the lines of one file among each other, and against the batch. */
export function createLineCheck(endpoint: string) {
  const seen = new Set<string>();

  return ({ url, custom_id }: BatchLine, line: number): BatchProblem | undefined => {
    if (url !== endpoint) {
      const message = `The URL of this request is not the endpoint of the batch, which is ${endpoint}.`;
      return { code: 'mismatched_endpoint', message, param: 'url', line };
    }
    if (seen.has(custom_id)) {
      const message = 'Another request of the batch has this `custom_id`.';
      return { code: 'duplicate_custom_id', message, param: 'custom_id', line };
    }
    seen.add(custom_id);
    return undefined;
  };
}
