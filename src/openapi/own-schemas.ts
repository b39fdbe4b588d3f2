import type { Schemas } from '../dialects/operation.ts';
import { KeyRules, NewKey, Rotation, ShownKey } from '../keys/api-key.ts';
import * as admin from './answers/admin.ts';
import { Health, Hello, OpenapiDocument } from './answers/health.ts';
import { Model, ModelList } from './answers/model.ts';

/** What the operations that belong to no dialect name. */
export const ownSchemas = {
  bodies: { KeyRules, NewKeyRequest: NewKey, Rotation, WorkerChange: admin.WorkerChange },
  answers: {
    AddedKey: admin.AddedKey,
    ChangedWorker: admin.ChangedWorker,
    History: admin.History,
    KeyList: admin.KeyList,
    Readiness: admin.Readiness,
    RemovedWorker: admin.RemovedWorker,
    RequestList: admin.RequestList,
    RevokedKey: admin.RevokedKey,
    RunList: admin.RunList,
    ServerStatus: admin.ServerStatus,
    StoppedRun: admin.StoppedRun,
    Usage: admin.Usage,
    Health,
    Hello,
    Key: ShownKey,
    Model,
    ModelList,
    OpenapiDocument,
  },
} satisfies Schemas;
