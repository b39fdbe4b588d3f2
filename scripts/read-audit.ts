import { z } from 'zod';

/** What `npm audit --json` came to. */
export type AuditResult =
  | { state: 'clean' | 'found'; sentence: string }
  /** The registry was not asked, or does not answer such questions. */
  | { state: 'unknown'; sentence: string };

const Count = z.int().nonnegative();

/** https://docs.npmjs.com/cli/commands/npm-audit */
const Report = z.object({
  metadata: z.object({
    vulnerabilities: z.object({ low: Count, moderate: Count, high: Count, critical: Count }),
    dependencies: z.object({ total: Count }),
  }),
  vulnerabilities: z.record(z.string(), z.object({ severity: z.string() })),
});

const Failure = z.object({ message: z.string() });

const SERIOUS = new Set(['high', 'critical']);

/** Reads the report, or what the registry said instead of it. */
export function readAudit(text: string): AuditResult {
  const json = readJson(text);
  const { data } = Report.safeParse(json);
  if (!data) {
    const reason = Failure.safeParse(json).data?.message ?? 'no report';
    const sentence = `Known weaknesses are NOT checked: the registry does not tell them (${reason}).`;
    return { state: 'unknown', sentence };
  }
  const { metadata, vulnerabilities } = data;
  const { low, moderate } = metadata.vulnerabilities;
  const serious = Object.entries(vulnerabilities)
    .filter(([, { severity }]) => SERIOUS.has(severity))
    .map(([name, { severity }]) => `${name} (${severity})`);
  if (serious.length > 0) {
    return { state: 'found', sentence: `Known weaknesses: ${serious.join(', ')}. See npm audit.` };
  }
  const others = `${moderate} moderate and ${low} low ones`;
  const sentence = `No serious known weakness in ${metadata.dependencies.total} packages; ${others}.`;
  return { state: 'clean', sentence };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
