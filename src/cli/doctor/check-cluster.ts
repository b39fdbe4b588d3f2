import type { Config } from '../../config.ts';
import type { ClusterFacts } from '../../cluster/inspect-cluster.ts';
import { toAddress } from '../../server/open-shared.ts';
import { failed, type Finding, ok, toText, warning } from './finding.ts';

/** Whether the cluster of the settings can be used, and has workers; nothing where there is none. */
export async function* checkCluster(config: Config): AsyncGenerator<Finding> {
  if (config.redisUrl === undefined) return;
  const { inspectCluster } = await import('../../cluster/inspect-cluster.ts');
  const facts = await inspectCluster(toAddress(config)).catch(toText);
  if (typeof facts === 'string') {
    yield failed(
      'cluster',
      facts,
      'Do what the sentence says, then try again; see docs/cluster.md.',
    );
    return;
  }
  yield* listFindings(facts);
}

/** What there is to say of a cluster. */
export function* listFindings(facts: ClusterFacts): Generator<Finding> {
  const { redisVersion, isLasting, evictionPolicy, workers } = facts;
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
