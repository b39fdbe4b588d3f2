import { aptInstall } from '../support/apt-install.ts';
import { hasSandbox } from './has-sandbox.ts';

// Where it cannot be had, the tests that need it say so.
if (!hasSandbox()) {
  try {
    aptInstall('bubblewrap', 'socat');
  } catch (error) {
    console.error(`No sandbox could be installed: ${String(error)}`);
  }
}
