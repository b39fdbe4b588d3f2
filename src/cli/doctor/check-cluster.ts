import type { Config } from '../../config.ts';
import { inspectCluster, type SeenCluster } from '../../server/open-shared.ts';
import { failed, type Finding, ok, toText, warning } from './finding.ts';

/** Whether the cluster of the settings can be used, and has workers; nothing where there is none. */
export async function* checkCluster(config: Config): AsyncGenerator<Finding> {
  if (config.redisUrl === undefined) return;
  const seen = await inspectCluster(config).catch(toText);
  const advice = 'Do what the sentence says, then try again; see docs/cluster.md.';
  if (typeof seen === 'string') yield failed('cluster', seen, advice);
  else yield* listFindings(seen);
}

function* listFindings(seen: SeenCluster): Generator<Finding> {
  const { redisVersion, isLasting, evictionPolicy, workers } = seen;
  const isKept = isLasting && evictionPolicy === 'noeviction';
  yield isKept
    ? ok('cluster', `Redis ${redisVersion} answers, and keeps what it has`)
    : warning(
        'cluster',
        `Redis ${redisVersion} may lose what is stored: appendonly is ${isLasting ? 'on' : 'off'}, maxmemory-policy is ${evictionPolicy}`,
        'Set `appendonly yes` and `maxmemory-policy noeviction` in its redis.conf.',
      );
  const places = workers.reduce((sum, worker) => sum + worker.places, 0);
  yield workers.length > 0
    ? ok('workers', `${workers.length}, with ${places} places together`)
    : warning('workers', 'none is there now', 'Start one: `claude-code-proxy worker`.');
  for (const { host, id, loggedIn } of workers) {
    if (loggedIn !== false) continue;
    yield warning(
      `worker on ${host}`,
      `the CLI of ${id} is not logged in`,
      'Run `claude auth login` there, as the user of the worker.',
    );
  }
}
