// `npm run speed-chart` writes docs/speed.svg from bench/RESULTS.md.
import { readFile, writeFile } from 'node:fs/promises';

import { toSpeedChart } from './to-speed-chart.ts';

const results = await readFile(new URL('../bench/RESULTS.md', import.meta.url), 'utf8');
await writeFile(new URL('../docs/speed.svg', import.meta.url), toSpeedChart(results));
