import type { Context } from 'hono';

import type { AppEnv } from '../http/variables.ts';
import type { DashboardParts } from './dashboard-parts.ts';
import type { Html } from './html.ts';

/** A page with an address of its own. */
export type Page = {
  /** What the navigation calls it. */
  title: string;
  /** Its own modules of `assets/`, beside the one that every page has. Default: none. */
  scripts?: readonly string[];
  /** What stands on it, as it is for `c.var.caller`. */
  render: (parts: DashboardParts, c: Context<AppEnv>) => Promise<Html>;
};
