import { openBatchStore } from '../../src/batches/open-store.ts';
import { describeBatchStore } from './store-suite.ts';

describeBatchStore(() => openBatchStore({ file: ':memory:', onSetAside: () => undefined }));
