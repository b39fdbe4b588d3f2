import type { SessionWork } from '../backend.ts';
import { hasTags } from '../common/tags.ts';
import type { CountTokens, Run } from '../run.ts';
import { RunError } from '../run-error.ts';

export type TagsOptions = {
  /** Those of the settings. */
  tags: readonly string[];
  /** Those that only the CLI tells; asked when a request wants more than the settings have. */
  readMore: () => Promise<readonly string[]>;
};

/** Runs only what this server has the tags for. Throws `invalid-request` for the rest, naming the tags that it lacks. */
export function withTags(run: Run, options: TagsOptions): Run {
  return (request, signal) => {
    if (hasTags(options, request.tags)) return run(request, signal);
    return (async function* runWithTags() {
      await checkTags(request, options);
      yield* run(request, signal);
    })();
  };
}

/** Counts tokens as `withTags` runs. */
export function countWithTags(countTokens: CountTokens, options: TagsOptions): CountTokens {
  return async (request, signal) => {
    await checkTags(request, options);
    return countTokens(request, signal);
  };
}

/** Works on sessions as `withTags` runs. */
export function sessionWorkWithTags(work: SessionWork, options: TagsOptions): SessionWork {
  return {
    async rewindFiles(session, to, signal) {
      await checkTags(session, options);
      return work.rewindFiles(session, to, signal);
    },
    async fork(session, newId, signal) {
      await checkTags(session, options);
      await work.fork(session, newId, signal);
    },
  };
}

type Tagged = { tags?: readonly string[] | undefined };

async function checkTags({ tags: wanted = [] }: Tagged, { tags, readMore }: TagsOptions) {
  if (hasTags({ tags }, wanted)) return;
  const all = [...tags, ...(await readMore())];
  const missing = wanted.filter((tag) => !all.includes(tag));
  if (missing.length === 0) return;
  throw new RunError(
    'invalid-request',
    `This server lacks what the request or its key asks for: ${missing.join(', ')} (see WORKER_TAGS).`,
    { param: 'tags' },
  );
}
