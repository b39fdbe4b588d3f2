import type { Config } from '../config.ts';
import type { Log } from '../http/log-request.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** Opens tracing where a collector is set. Nothing of OpenTelemetry is loaded otherwise. */
export async function openServerTracing(
  config: Pick<Config, 'otelExporterOtlpEndpoint' | 'role'>,
  version: string,
  log: Pick<Log, 'warn'>,
): Promise<Tracing | undefined> {
  const { otelExporterOtlpEndpoint: endpoint, role } = config;
  if (endpoint === undefined) return undefined;
  const { openTracing } = await import('../tracing/open-tracing.ts');
  return openTracing({
    endpoint,
    version,
    role,
    onProblem: (error) => log.warn({ err: error }, 'spans could not be sent to the collector'),
  });
}
