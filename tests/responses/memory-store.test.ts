import { createMemoryStore } from '../../src/responses/memory-store.ts';
import { describeStore } from './store-suite.ts';

describeStore(() => createMemoryStore());
