import { describeBodies } from './describe-bodies.ts';

describeBodies(40, 20_261_124);
