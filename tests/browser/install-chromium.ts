import { existsSync } from 'node:fs';

import { aptInstall } from '../support/apt-install.ts';
import { CHROMIUM } from './open-browser.ts';

if (!existsSync(CHROMIUM)) aptInstall('chromium');
