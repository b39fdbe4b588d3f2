import { expect, test } from 'vitest';

import { toRebinding } from '../../../src/claude/chat/abilities.ts';

const KNOWS_IT = 'only_if_model_is_current: model "" is not the current model';
const DOES_NOT = 'Unknown model: ""';

test.each([
  ['2.1.330', KNOWS_IT, 'always'],
  ['2.1.332', KNOWS_IT, 'always'],
  ['2.1.1000', KNOWS_IT, 'always'],
  ['3.0.0', KNOWS_IT, 'always'],
  ['2.1.329', KNOWS_IT, 'when-empty'],
  ['2.1.300', KNOWS_IT, 'when-empty'],
  ['2.1.299', KNOWS_IT, 'never'],
  ['2.1.99', KNOWS_IT, 'never'],
  ['1.9.400', KNOWS_IT, 'never'],
  ['2.1.332', DOES_NOT, 'never'],
  ['2.1.332', '', 'never'],
  [undefined, KNOWS_IT, 'never'],
] as const)(
  'a CLI %s that refuses with %j takes other instructions: %s',
  (version, refusal, is) => {
    expect(toRebinding(version, refusal)).toBe(is);
  },
);
