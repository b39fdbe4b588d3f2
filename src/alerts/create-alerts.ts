import type { Webhook, Webhooks } from '../webhooks/create-webhooks.ts';

/** Something that needs a person, by a name that stays the same as long as it lasts. */
export type Trouble = { name: string; advice: string };

/** What was told of, and since when it holds: a restart must neither tell it again nor forget its end. */
export type RaisedAlert = Trouble & { since: string };

export type AlertOptions = {
  webhook: Webhook;
  webhooks: Pick<Webhooks, 'send' | 'close'>;
  /** What is wrong now. */
  readTroubles: () => Promise<readonly Trouble[]>;
  /** What an earlier server told of, and keeps what this one does. */
  store: { read: () => readonly RaisedAlert[]; write: (raised: readonly RaisedAlert[]) => void };
  /** What says which server it is, in every message. */
  source: object;
  /** Told of failures to look. */
  onProblem: (error: unknown) => void;
};

export type Alerts = {
  /** Looks once. What holds, or is over, at two looks in a row is told, once. */
  look: () => Promise<void>;
  close: () => Promise<void>;
};

/** Makes what tells the operator's own server, signed, what needs a person, and when it is over. */
export function createAlerts(options: AlertOptions): Alerts {
  const { webhook, webhooks, readTroubles, store, source, onProblem } = options;
  let raised = store.read();
  let earlier: ReadonlySet<string> | undefined;

  const tell = (state: 'raised' | 'over', { name, advice, since }: RaisedAlert) => {
    const data = { alert: name, message: advice, since, ...source };
    webhooks.send(webhook, name, { type: `alert.${state}`, data });
  };

  async function look() {
    const troubles = await readTroubles();
    const names = new Set(troubles.map(({ name }) => name));
    const before = earlier;
    earlier = names;
    if (!before) return; // a server that begins does not know much yet
    const begun = troubles.filter(
      ({ name }) => before.has(name) && !raised.some((one) => one.name === name),
    );
    const over = raised.filter(({ name }) => !before.has(name) && !names.has(name));
    if (begun.length + over.length === 0) return;
    const since = new Date().toISOString();
    const added = begun.map((trouble) => ({ ...trouble, since }));
    raised = [...raised.filter((one) => !over.includes(one)), ...added];
    for (const one of added) tell('raised', one);
    for (const one of over) tell('over', one);
    store.write(raised);
  }

  return {
    look: () => look().catch(onProblem),
    close: () => webhooks.close(),
  };
}
