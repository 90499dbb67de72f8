/**
 * Opening a folder, in this order: the lock; whose file it is; whether the WAL beside it belongs to it; only then the database; then
 * whether its history is the one that was left here.
 */
import { randomBytes } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { primary, resultCode, SqliteOpenError } from './errors.ts';
import { type Files, inodeOf, statOf } from './files.ts';
import { takeLock } from './lock.ts';
import { applicationId, createDatabase, type Meta, openAlone, openReading, openWriting, schemaVersion, selectMeta } from './schema.ts';
import { pragma, prepare, transaction } from './statements.ts';
import { contradiction, readWitness, writeWitness } from './witness.ts';

export interface Opened {
  readonly lock: DatabaseSync;
  readonly db: DatabaseSync;
  readonly meta: Meta;
  readonly inode: string;
}

/** Epochs go into positions (`OFFSET~EPOCH`) and URLs. */
export function newEpoch(): string {
  return randomBytes(9).toString('base64url');
}

/** Opens a folder that exists; `note` is told what an operator should know. Throws `SqliteOpenError`. */
export function openFolder(files: Files, note: (text: string) => void): Opened {
  const lock = takeLock(files);
  let db: DatabaseSync | undefined;
  try {
    if (statOf(files.main)) {
      const alone = identify(files.main);
      if ((statOf(files.wal)?.size ?? 0n) > 0n && alone) setAsideStrangeWal(files, alone, note);
    } else create(files, note);
    db = openWriting(files.main);
    const meta = settleEpoch(files, db, note);
    return { lock, db, meta, inode: inodeOf(files.main) ?? '' };
  } catch (error) {
    db?.close();
    lock.close();
    throw asOpenError(error, files.main);
  }
}

function create(files: Files, note: (text: string) => void): void {
  const next = `${files.main}.new`;
  for (const path of [next, `${next}-wal`, `${next}-shm`, `${next}-journal`, files.shm]) rmSync(path, { force: true });
  if (statOf(files.wal)) setAside(files, 'it has no database beside it', note);
  createDatabase(next, randomBytes(9).toString('base64url'), newEpoch());
  renameSync(next, files.main);
  writeFirstWitness(files);
}

/** Without it the first start after a crash in the first second would take a new epoch for nothing. */
function writeFirstWitness(files: Files): void {
  const meta = readAlone(files.main);
  writeWitness(files.witness, { id: meta.id, inode: inodeOf(files.main) ?? '', commits: meta.commits });
}

/**
 * Tells whether the file is ours, reading the main file alone: nothing of it or beside it is touched. Undefined: ours, but what a
 * crash in mid-checkpoint left there can only be read together with its WAL.
 */
export function identify(path: string): Meta | undefined {
  if (statOf(path)?.size === 0n) throw new SqliteOpenError('foreign', `${path} is empty: no store of ours, and not touched`);
  const db = openAlone(path);
  try {
    const id = pragma(db, 'application_id');
    if (id !== applicationId) throw new SqliteOpenError('foreign', `${path} is another program's database, and not touched`);
    const version = pragma(db, 'user_version');
    if (typeof version !== 'number' || version > schemaVersion) {
      throw new SqliteOpenError('newer', `${path} was written by a later version (schema ${version}, this one knows ${schemaVersion})`);
    }
    return prepare<Meta>(db, selectMeta).get();
  } catch (error) {
    if (((resultCode(error) ?? 0) & 0xff) === primary.corrupt) return undefined;
    throw error;
  } finally {
    db.close();
  }
}

function readAlone(path: string): Meta {
  const meta = identify(path);
  if (!meta) throw new SqliteOpenError('damaged', `${path} cannot be read`);
  return meta;
}

/**
 * An old main file beside a newer WAL (a backup put back by hand after a crash) reads as one malformed database, with the newest
 * count. The WAL's own commits say how much the main file held when it was begun: a file that holds less is not the one it belongs to.
 * Reading through a read-only connection checkpoints nothing, so the answer comes before the two are mixed.
 */
function setAsideStrangeWal(files: Files, alone: Meta, note: (text: string) => void): void {
  const db = openReading(files.main, 2_048);
  let both: Meta | undefined;
  try {
    both = prepare<Meta>(db, selectMeta).get();
  } catch {
    both = undefined;
  } finally {
    db.close();
  }
  rmSync(files.shm, { force: true });
  if (both && both.id === alone.id && both.commits >= alone.commits && both.checkpointed <= alone.commits) return;
  setAside(files, 'it does not belong to the database beside it', note);
}

function setAside(files: Files, why: string, note: (text: string) => void): void {
  const aside = `${files.wal}.aside-${Date.now()}`;
  renameSync(files.wal, aside);
  note(`${files.wal} was set aside as ${aside}: ${why}`);
}

/** Another history than the witness saw gets an epoch of its own; its marks go on above those that were seen here. */
function settleEpoch(files: Files, db: DatabaseSync, note: (text: string) => void): Meta {
  const meta = prepare<Meta>(db, selectMeta).get();
  if (!meta) throw new SqliteOpenError('damaged', `${files.main} has lost its meta row`);
  const witness = readWitness(files.witness);
  const found = { id: meta.id, inode: inodeOf(files.main) ?? '', commits: meta.commits };
  const why = contradiction(witness, found);
  if (why === undefined) return meta;
  const epoch = newEpoch();
  const commits = Math.max(meta.commits, witness?.id === meta.id ? witness.commits : 0) + 1;
  transaction(db, 'BEGIN IMMEDIATE', () => db.prepare('UPDATE meta SET epoch = ?, commits = ?').run(epoch, commits));
  writeWitness(files.witness, { ...found, commits });
  note(`${files.main}: ${why}: new epoch ${epoch} (was ${meta.epoch})`);
  return { ...meta, epoch, commits };
}

/** What kept us from opening `path`, in the words of `SqliteOpenError`. */
export function asOpenError(error: unknown, path: string): SqliteOpenError {
  if (error instanceof SqliteOpenError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const code = (resultCode(error) ?? 0) & 0xff;
  if (code === primary.notADatabase) return new SqliteOpenError('foreign', `${path} is no database, and not touched`);
  if (code === primary.corrupt) return new SqliteOpenError('damaged', `${path}: ${text}`);
  if (code === primary.busy) return new SqliteOpenError('held', `${path} is open in another process`);
  return new SqliteOpenError('not_writable', `${path}: ${text}`);
}
