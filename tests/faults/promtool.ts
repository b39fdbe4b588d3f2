import { join } from 'node:path';

/** Where the package of Prometheus is unpacked. */
export const PROMTOOL_FOLDER = join(import.meta.dirname, '../../.promtool');

/** The program that checks rules as Prometheus reads them. */
export const PROMTOOL = join(PROMTOOL_FOLDER, 'usr/bin/promtool');
