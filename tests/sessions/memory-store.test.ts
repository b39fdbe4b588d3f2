import { createMemoryStore } from '../../src/sessions/memory-store.ts';
import { describeStore } from './store-suite.ts';

describeStore(() => createMemoryStore());
