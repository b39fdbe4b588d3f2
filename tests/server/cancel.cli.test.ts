import { describeLeaving, MOMENT_NAMES } from './describe-leaving.ts';

// cancel.proof.test.ts has the rest.
describeLeaving({ messages: MOMENT_NAMES, 'agent runs': ['in the middle of a stream'] });
