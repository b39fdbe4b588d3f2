import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';

import { createMetrics } from '../../src/observation/metrics.ts';
import { isSettingName, SETTINGS } from '../../src/settings.ts';

const read = (file: string) =>
  readFileSync(new URL(`../../deploy/kubernetes/${file}`, import.meta.url), 'utf8');

/** A quantity as Kubernetes writes it: `250m`, `2`, `4Gi`. */
const Quantity = z.string().regex(/^\d+(m|Ki|Mi|Gi)?$/);
const Labels = z.record(z.string(), z.string());
const Name = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const Selector = z.strictObject({ matchLabels: Labels });
const SecretKey = z.strictObject({ name: Name, key: z.string() });

const Probe = z.strictObject({
  httpGet: z.strictObject({ path: z.string().startsWith('/'), port: z.string() }),
  periodSeconds: z.int().positive(),
  failureThreshold: z.int().positive().optional(),
});

const Container = z.strictObject({
  name: Name,
  image: z.string(),
  args: z.array(z.string()),
  ports: z.array(z.strictObject({ name: Name, containerPort: z.int() })),
  env: z.array(
    z.union([
      z.strictObject({ name: z.string(), value: z.string() }),
      z.strictObject({
        name: z.string(),
        valueFrom: z.strictObject({ secretKeyRef: SecretKey }),
      }),
    ]),
  ),
  readinessProbe: Probe,
  livenessProbe: Probe,
  startupProbe: Probe,
  lifecycle: z
    .strictObject({
      preStop: z.strictObject({ exec: z.strictObject({ command: z.array(z.string()) }) }),
    })
    .optional(),
  resources: z.strictObject({
    requests: z.strictObject({ cpu: Quantity, memory: Quantity }),
    limits: z.strictObject({ memory: Quantity }),
  }),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    capabilities: z.strictObject({ drop: z.array(z.string()) }),
  }),
  volumeMounts: z.array(z.strictObject({ name: Name, mountPath: z.string().startsWith('/') })),
});

const Metadata = z.strictObject({ name: Name, labels: Labels.optional() });

/** The fields of `apps/v1` that stand here, and no others: a mistyped one is refused. */
const Deployment = z.strictObject({
  apiVersion: z.literal('apps/v1'),
  kind: z.literal('Deployment'),
  metadata: Metadata,
  spec: z.strictObject({
    replicas: z.int().optional(),
    selector: Selector,
    strategy: z.strictObject({
      rollingUpdate: z.strictObject({ maxUnavailable: z.int(), maxSurge: z.int() }),
    }),
    template: z.strictObject({
      metadata: z.strictObject({ labels: Labels, annotations: Labels.optional() }),
      spec: z.strictObject({
        automountServiceAccountToken: z.literal(false),
        terminationGracePeriodSeconds: z.int(),
        securityContext: z.strictObject({
          runAsNonRoot: z.literal(true),
          runAsUser: z.int(),
          fsGroup: z.int(),
          seccompProfile: z.strictObject({ type: z.literal('RuntimeDefault') }),
        }),
        topologySpreadConstraints: z
          .array(
            z.strictObject({
              maxSkew: z.int(),
              topologyKey: z.string(),
              whenUnsatisfiable: z.enum(['DoNotSchedule', 'ScheduleAnyway']),
              labelSelector: Selector,
            }),
          )
          .optional(),
        containers: z.array(Container).length(1),
        volumes: z.array(z.strictObject({ name: Name, emptyDir: z.strictObject({}) })),
      }),
    }),
  }),
});

const Service = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Service'),
  metadata: Metadata,
  spec: z.strictObject({
    selector: Labels,
    sessionAffinity: z.enum(['None', 'ClientIP']),
    ports: z.array(z.strictObject({ name: Name, port: z.int(), targetPort: z.string() })),
  }),
});

const Budget = z.strictObject({
  apiVersion: z.literal('policy/v1'),
  kind: z.literal('PodDisruptionBudget'),
  metadata: Metadata,
  spec: z.strictObject({ maxUnavailable: z.int(), selector: Selector }),
});

/** Of KEDA's `metrics-api` trigger: numbers stand as texts. */
const Trigger = z.strictObject({
  type: z.literal('metrics-api'),
  metadata: z.strictObject({
    url: z.url(),
    format: z.enum(['json', 'xml', 'yaml', 'prometheus']),
    valueLocation: z.string(),
    targetValue: z.string().regex(/^\d+$/),
    authMode: z.enum(['apiKey', 'basic', 'tls', 'bearer']),
  }),
  authenticationRef: z.strictObject({ name: Name }),
});

const ScaledObject = z.strictObject({
  apiVersion: z.literal('keda.sh/v1alpha1'),
  kind: z.literal('ScaledObject'),
  metadata: Metadata,
  spec: z.strictObject({
    scaleTargetRef: z.strictObject({ apiVersion: z.string(), kind: z.string(), name: Name }),
    pollingInterval: z.int(),
    cooldownPeriod: z.int(),
    minReplicaCount: z.int(),
    maxReplicaCount: z.int(),
    triggers: z.array(Trigger),
  }),
});

const TriggerAuthentication = z.strictObject({
  apiVersion: z.literal('keda.sh/v1alpha1'),
  kind: z.literal('TriggerAuthentication'),
  metadata: Metadata,
  spec: z.strictObject({ secretTargetRef: z.array(SecretKey.extend({ parameter: z.string() })) }),
});

const Kustomization = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
  kind: z.literal('Kustomization'),
  namespace: Name,
  resources: z.array(z.string()),
  images: z.array(z.strictObject({ name: z.string(), newName: z.string(), newTag: z.string() })),
});

const AnyOf = z.discriminatedUnion('kind', [
  Deployment,
  Service,
  Budget,
  ScaledObject,
  TriggerAuthentication,
]);

const kustomization = Kustomization.parse(parse(read('kustomization.yaml')));
const documents = kustomization.resources.flatMap((file) =>
  parseAllDocuments(read(file), { strict: true }).map((one) => AnyOf.parse(one.toJS())),
);

const all = <Kind extends (typeof documents)[number]['kind']>(kind: Kind) =>
  documents.filter(
    (one): one is Extract<(typeof documents)[number], { kind: Kind }> => one.kind === kind,
  );

const deployments = all('Deployment').map(({ metadata, spec }) => {
  const { containers, volumes, terminationGracePeriodSeconds } = spec.template.spec;
  const [container] = containers as [z.infer<typeof Container>]; // one, as the schema says
  const env = new Map(
    container.env.map((one) => [one.name, 'value' in one ? one.value : undefined]),
  );
  const labels = spec.template.metadata.labels;
  return {
    name: metadata.name,
    spec,
    container,
    env,
    labels,
    volumes,
    terminationGracePeriodSeconds,
  };
});
const [front, worker] = deployments;
const metricsUrl = 'http://claude-code-proxy-front.claude-code-proxy.svc:6789/metrics';

test('there is a front and a worker, and what belongs to them', () => {
  expect(documents.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
    'Deployment claude-code-proxy-front',
    'Service claude-code-proxy-front',
    'PodDisruptionBudget claude-code-proxy-front',
    'Deployment claude-code-proxy-worker',
    'PodDisruptionBudget claude-code-proxy-worker',
    'ScaledObject claude-code-proxy-worker',
    'TriggerAuthentication claude-code-proxy',
  ]);
});

describe.each(deployments.map((one) => [one.name, one] as const))('%s', (_name, one) => {
  test('selects its own pods, and its budget the same', () => {
    expect(one.labels).toMatchObject(one.spec.selector.matchLabels);
    const budget = all('PodDisruptionBudget').find(({ metadata }) => metadata.name === one.name);
    expect(budget?.spec.selector).toEqual(one.spec.selector);
  });

  test('sets what is a setting, to what that may be', () => {
    const own = [...one.env].filter(([name]) => name !== 'CLAUDE_CODE_OAUTH_TOKEN'); // the CLI's
    const isFit = ([name, value]: (typeof own)[number]) =>
      isSettingName(name) &&
      (value === undefined || SETTINGS[name].schema.safeParse(value).success);
    expect(own.filter((entry) => !isFit(entry))).toEqual([]);
  });

  test('probes a port that it has, which is the image’s', () => {
    const { readinessProbe, livenessProbe, startupProbe, ports } = one.container;
    const names = ports.map(({ name }) => name);
    for (const { httpGet } of [readinessProbe, livenessProbe, startupProbe]) {
      expect(names).toContain(httpGet.port);
      expect(['/health', '/ready']).toContain(httpGet.path);
    }
    const dockerfile = readFileSync(new URL('../../deploy/Dockerfile', import.meta.url), 'utf8');
    expect(dockerfile).toMatch(new RegExp(`^EXPOSE ${ports[0]?.containerPort}$`, 'm'));
  });

  test('is given more time to leave than the program takes', () => {
    const sleepSeconds = Number(one.container.lifecycle?.preStop.exec.command[1] ?? 0);
    const takenSeconds = sleepSeconds + Number(one.env.get('SHUTDOWN_GRACE_MS')) / 1000;
    expect(one.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(takenSeconds + 10);
  });

  test('runs the image that is named once, mounts what it has, and asks for no right', () => {
    expect(kustomization.images.map(({ name }) => name)).toEqual([one.container.image]);
    const mounted = one.container.volumeMounts.map(({ name }) => name);
    expect(mounted).toEqual(one.volumes.map(({ name }) => name));
    expect(one.container.securityContext.capabilities.drop).toEqual(['ALL']);
  });
});

test('the two have their roles, the same cluster, and secrets only from the one Secret', () => {
  expect([front?.container.args, worker?.container.args]).toEqual([['--role=front'], ['worker']]);
  const refs = deployments.flatMap(({ container }) =>
    container.env.flatMap((one) =>
      'valueFrom' in one ? [[one.name, one.valueFrom.secretKeyRef]] : [],
    ),
  );
  for (const [name, ref] of refs) expect(ref).toEqual({ name: 'claude-code-proxy', key: name });
  const secrets = [...new Set(refs.map(([name]) => name))].map(String);
  expect(secrets.toSorted()).toEqual([
    'CLAUDE_CODE_OAUTH_TOKEN',
    'CLUSTER_SECRET',
    'PROXY_API_KEY',
    'REDIS_URL',
  ]);
});

test('no worker says that it shares transcripts, since the state of each goes with its pod', () => {
  expect(worker?.volumes).toEqual([{ name: 'state', emptyDir: {} }]);
  expect(worker?.env.get('TRANSCRIPTS')).toBeUndefined();
});

test('the Service leads to the fronts, which answer to its name', () => {
  const [service] = all('Service');
  expect(front?.labels).toMatchObject(service?.spec.selector ?? {});
  const port = service?.spec.ports[0];
  expect(front?.container.ports.map(({ name }) => name)).toContain(port?.targetPort);
  const { hostname, port: asked } = new URL(metricsUrl);
  expect(hostname).toBe(`${service?.metadata.name}.${kustomization.namespace}.svc`);
  expect(Number(asked)).toBe(port?.port);
  expect(front?.env.get('ALLOWED_HOSTS')?.split(',')).toContain(hostname);
});

test('KEDA scales the workers by metrics that a front has, with a key', async () => {
  const [scaled] = all('ScaledObject');
  const [authentication] = all('TriggerAuthentication');
  expect(scaled?.spec.scaleTargetRef).toMatchObject({ kind: 'Deployment', name: worker?.name });
  expect(worker?.spec.replicas).toBeUndefined();
  const { render } = createMetrics({
    queue: () => ({ waiting: 3, running: 2, concurrency: 2 }),
    processes: () => ({}),
  });
  const text = await render();
  for (const { metadata, authenticationRef } of scaled?.spec.triggers ?? []) {
    expect(metadata).toMatchObject({ url: metricsUrl, format: 'prometheus', authMode: 'bearer' });
    expect(text).toMatch(new RegExp(`^${metadata.valueLocation} [23]$`, 'm'));
    expect(authenticationRef.name).toBe(authentication?.metadata.name);
  }
  const taken = scaled?.spec.triggers[1]?.metadata;
  expect(taken?.valueLocation).toBe('claude_proxy_places_taken');
  expect(taken?.targetValue).toBe(worker?.env.get('WORKER_CONCURRENCY'));
  expect(authentication?.spec.secretTargetRef).toEqual([
    { parameter: 'token', name: 'claude-code-proxy', key: 'PROXY_API_KEY' },
  ]);
});
