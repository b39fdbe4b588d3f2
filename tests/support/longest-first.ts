import { BaseSequencer, type TestSpecification } from 'vitest/node';

import { LONGEST_FILES } from './longest-files.ts';

/** Vitest's order, behind the files that take longest. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const usual = super.sort.bind(this);
    const sorted = await usual(files);
    return sorted.toSorted((one, other) => toRank(one) - toRank(other));
  }
}

function toRank({ moduleId }: TestSpecification) {
  const rank = LONGEST_FILES.findIndex((file) => moduleId.endsWith(`/${file}`));
  return rank === -1 ? LONGEST_FILES.length : rank;
}
