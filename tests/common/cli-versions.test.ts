import { expect, test } from 'vitest';

import { compareVersions } from '../../src/common/cli-versions.ts';

test('versions are ordered by their numbers, not by their letters', () => {
  const versions = ['2.1.332', '10.0.0', '2.1.4', '2.1', '2.1.330', '2.1.280', '2.2.0'];
  const sorted = ['2.1', '2.1.4', '2.1.280', '2.1.330', '2.1.332', '2.2.0', '10.0.0'];
  expect(versions.toSorted(compareVersions)).toEqual(sorted);
  expect(compareVersions('2.1.330', '2.1.330')).toBe(0);
});
