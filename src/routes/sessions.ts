import type { Context, Hono } from 'hono';

import type { FileChanges } from '../backend.ts';
import { RewindBody } from '../dialects/direct/session-schemas.ts';
import { checkValue } from '../http/body/check-body.ts';
import { validate, type Validated } from '../http/body/validate.ts';
import type { AppEnv } from '../http/variables.ts';
import type { TranscriptPage } from '../sessions/session-transcript.ts';
import { readLimit } from './read-number.ts';

/** A session as its owner sees it. Times are milliseconds since 1970. */
export type SessionView = {
  id: string;
  workingDirectory: string;
  model: string;
  createdAt: number;
  lastUsedAt: number;
  turns: number;
  /** The beginning of the first prompt. */
  title: string;
};

/** The sessions of all keys; every call sees only those of the key that it names. */
export type SessionBook = {
  list(keyId: string): Promise<readonly SessionView[]>;
  get(id: string, keyId: string): Promise<SessionView>;
  read(id: string, keyId: string, limit: number): Promise<TranscriptPage>;
  delete(id: string, keyId: string, signal?: AbortSignal): Promise<void>;
};

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

type IdContext = Context<AppEnv, '/api/sessions/:id'>;

/** What is done with a session while no run is on it. */
export type IdleSessionBook = {
  readChanges: ChangeFiles;
  rewind: ChangeFiles;
  fork(id: string, keyId: string, signal: AbortSignal): Promise<SessionView>;
};

type ChangeFiles = (
  id: string,
  keyId: string,
  since: string,
  signal: AbortSignal,
) => Promise<FileChanges>;

/** Every route of the sessions. */
export function mountSessions(app: Hono<AppEnv>, book: SessionBook, idle: IdleSessionBook): void {
  app.get('/api/sessions', listSessions(book));
  app.get('/api/sessions/:id', getSession(book));
  app.get('/api/sessions/:id/messages', listSessionMessages(book));
  app.delete('/api/sessions/:id', deleteSession(book));
  app.post('/api/sessions/:id/fork', forkSession(idle));
  app.get('/api/sessions/:id/changes', readChanges(idle));
  app.post('/api/sessions/:id/rewind', validate(RewindBody), rewindFiles(idle));
}

/** `GET /api/sessions`: the caller's own, the last used first. */
function listSessions(book: SessionBook) {
  return async (c: Context<AppEnv>): Promise<Response> => {
    const sessions = await book.list(c.var.caller.keyId);
    return c.json({ sessions: sessions.map(toBody) });
  };
}

/** `GET /api/sessions/{id}` */
function getSession(book: SessionBook) {
  return async (c: IdContext): Promise<Response> =>
    c.json(toBody(await book.get(c.req.param('id'), c.var.caller.keyId)));
}

/** `GET /api/sessions/{id}/messages`: the last ones, in the order in which they were said. */
function listSessionMessages(book: SessionBook) {
  return async (c: Context<AppEnv, '/api/sessions/:id/messages'>): Promise<Response> => {
    const limit = readLimit(c.req.query('limit'), DEFAULT_LIMIT, MAX_LIMIT);
    return c.json(await book.read(c.req.param('id'), c.var.caller.keyId, limit));
  };
}

/** `DELETE /api/sessions/{id}`: its transcript goes too. Waits while a run is on it. */
function deleteSession(book: SessionBook) {
  return async (c: IdContext): Promise<Response> => {
    const id = c.req.param('id');
    await book.delete(id, c.var.caller.keyId, c.var.signal);
    return c.json({ id, deleted: true });
  };
}

/** `POST /api/sessions/{id}/fork`: a new session with the same history. */
function forkSession(idle: IdleSessionBook) {
  return async (c: Context<AppEnv, '/:id'>): Promise<Response> =>
    c.json(toBody(await idle.fork(c.req.param('id'), c.var.caller.keyId, c.var.signal)));
}

/** `GET /api/sessions/{id}/changes`: what a rewind would change. */
function readChanges(idle: IdleSessionBook) {
  return async (c: Context<AppEnv, '/:id'>): Promise<Response> => {
    const { since } = await checkValue(RewindBody, { since: c.req.query('since') }, 1);
    return c.json(
      await idle.readChanges(c.req.param('id'), c.var.caller.keyId, since, c.var.signal),
    );
  };
}

/** `POST /api/sessions/{id}/rewind`: files as they were when a message of the user's was sent. */
function rewindFiles(idle: IdleSessionBook) {
  return async (c: Context<AppEnv, '/:id', Validated<RewindBody>>): Promise<Response> => {
    const { since } = c.req.valid('json');
    return c.json(await idle.rewind(c.req.param('id'), c.var.caller.keyId, since, c.var.signal));
  };
}

function toBody({ id, title, model, workingDirectory, turns, createdAt, lastUsedAt }: SessionView) {
  return {
    id,
    title,
    model,
    workingDirectory,
    turns,
    createdAt: new Date(createdAt).toISOString(),
    lastUsedAt: new Date(lastUsedAt).toISOString(),
  };
}
