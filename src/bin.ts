#!/usr/bin/env node
// No syntax here, nor in what is imported at once, that an old Node could not read: it is to say its
// sentence. All the rest is imported after the check.
import { toNodeComplaint } from './cli/node-version.ts';
import { quietExperimentalWarnings } from './cli/quiet-warnings.ts';
import { keepHeapSmall } from './cli/small-heap.ts';

const complaint = toNodeComplaint(process.versions.node);

if (complaint === undefined) {
  quietExperimentalWarnings(process);
  keepHeapSmall();
  void import('./cli.ts').then(({ runCli }) => runCli());
} else {
  console.error(complaint);
  process.exitCode = 1;
}
