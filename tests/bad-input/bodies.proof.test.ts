import { describeBodies } from './describe-bodies.ts';

describeBodies(150, 20_261_128);
