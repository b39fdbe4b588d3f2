import { expect, test } from 'vitest';

import { readAudit } from '../../scripts/read-audit.ts';

/** As npm 11 writes it. */
const toReport = (severities: Readonly<Record<string, string>>, counts = {}) =>
  JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities: Object.fromEntries(
      Object.entries(severities).map(([name, severity]) => [name, { name, severity, via: [] }]),
    ),
    metadata: {
      vulnerabilities: { info: 0, low: 0, moderate: 0, high: 0, critical: 0, total: 0, ...counts },
      dependencies: { prod: 5, dev: 7, optional: 0, peer: 0, peerOptional: 0, total: 12 },
    },
  });

test('what is serious is found, by name', () => {
  const report = toReport({ ws: 'high', hono: 'critical', ajv: 'low' }, { low: 1, high: 1 });
  expect(readAudit(report)).toEqual({
    state: 'found',
    sentence: 'Known weaknesses: ws (high), hono (critical). See npm audit.',
  });
});

test('what is not serious is counted only', () => {
  expect(readAudit(toReport({ ajv: 'moderate' }, { moderate: 1 }))).toEqual({
    state: 'clean',
    sentence: 'No serious known weakness in 12 packages; 1 moderate and 0 low ones.',
  });
});

test.each([
  ['{"message":"405 Method Not Allowed","statusCode":405,"body":""}', '(405 Method Not Allowed)'],
  ['', '(no report)'],
  ['<html>', '(no report)'],
])('a registry that says %j was not asked, and that is said', (text, reason) => {
  expect(readAudit(text)).toEqual({
    state: 'unknown',
    sentence: expect.stringMatching(/^Known weaknesses are NOT checked: /),
  });
  expect(readAudit(text).sentence).toContain(reason);
});
