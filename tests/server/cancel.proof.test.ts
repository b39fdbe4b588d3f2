import { describeLeaving, MOMENT_NAMES } from './describe-leaving.ts';

// cancel.cli.test.ts has the rest.
describeLeaving({
  'chat completions': MOMENT_NAMES,
  'agent runs': MOMENT_NAMES.filter((moment) => moment !== 'in the middle of a stream'),
});
