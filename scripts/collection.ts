// `npm run collection`: writes docs/insomnia.json.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { toOpenapi } from '../src/openapi/to-openapi.ts';
import { toCollection } from './to-collection.ts';

const root = join(import.meta.dirname, '..');
const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const collection = toCollection(toOpenapi({ version }));
await writeFile(join(root, 'docs/insomnia.json'), `${JSON.stringify(collection, undefined, 2)}\n`);
