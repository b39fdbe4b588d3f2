import type { DashboardParts } from './dashboard-parts.ts';

/** The models by all their names, as far as the CLI has told them. */
export async function listModelNames({ health }: DashboardParts): Promise<string[]> {
  const models = (await health.readKnownStatus())?.models ?? [];
  return models.flatMap(({ id, aliases }) => [...aliases, id]);
}
