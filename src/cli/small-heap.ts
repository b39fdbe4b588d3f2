import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 collect garbage early rather than let the heap grow: a server that is left running takes 115 MB
 * after long streams instead of 180, for a quarter more processor time on those and none on short ones
 * (Node 24). Here and not on the command line, so that it holds however the program was started.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--optimize-for-size');
}
