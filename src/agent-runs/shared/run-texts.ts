import { z } from 'zod';

import type { SharedState } from '../../state/shared-state.ts';
import { STATES, type StoredEvent, type StoredRun } from '../run-store.ts';

const json = z.record(z.string(), z.unknown());
const Base = z.object({
  keyId: z.string(),
  resumedFrom: z.string().optional(),
  body: json,
});
const Begun = z.object({ model: z.string(), sessionId: z.string().optional() });
const Ending = z.object({ answer: json.optional(), failure: json.optional() });
const Plain = z.object({
  state: z.enum(STATES),
  createdAt: z.coerce.number(),
  endedAt: z.coerce.number().optional(),
  background: z.coerce.number(),
  server: z.coerce.string(),
  costUsd: z.coerce.number().optional(),
});

/** Encrypts what is told of runs, and reads it. */
export function createRunTexts({ encrypt, decrypt }: Pick<SharedState, 'encrypt' | 'decrypt'>) {
  const open = <Value>(
    shape: { parse: (value: unknown) => Value },
    sealed: Buffer,
    place: string,
  ): Value => shape.parse(JSON.parse(decrypt(sealed, place)));

  return {
    seal: (id: string, what: string, value: object) =>
      encrypt(JSON.stringify(value), toPlace(id, what)),
    toEntries: (id: string, events: readonly StoredEvent[]) =>
      events.flatMap(({ id: number, type, data }) => [
        number,
        type,
        encrypt(data, toPlace(id, number)),
      ]),
    toEvent(id: string, entry: string, [, type, , data = Buffer.alloc(0)]: Buffer[]): StoredEvent {
      const number = Number.parseInt(entry, 10);
      return { id: number, type: String(type), data: decrypt(data, toPlace(id, number)) };
    },
    toRun(id: string, fields: Readonly<Record<string, Buffer>>): StoredRun | undefined {
      const { base, begun, ending } = fields;
      if (!base || !begun) return undefined;
      const names = Object.keys(Plain.shape).filter((name) => fields[name] !== undefined);
      const plain = names.map((name) => [name, String(fields[name])]);
      const { background, ...rest } = Plain.parse(Object.fromEntries(plain));
      return {
        id,
        ...rest,
        isBackground: background === 1,
        ...open(Base, base, toPlace(id, 'base')),
        ...open(Begun, begun, toPlace(id, 'begun')),
        ...(ending && open(Ending, ending, toPlace(id, 'ending'))),
      };
    },
  };
}

/** Where a text can be decrypted. */
function toPlace(id: string, what: string | number) {
  return `run ${id} ${what}`;
}
