/**
 * A database that has lost what it had acknowledged, under nodes that live on: a volume that was put back, and a standby that was promoted
 * without the tail. The history gets a new name before anything is written to it, and every client reloads.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, connect } from '@hubbub/client';
import { copyDisk } from '@hubbub/rig/servers/disk';
import { startPostgres } from '@hubbub/rig/servers/postgres';
import { absent } from '@hubbub/rig/servers/present';
import type { RealServer } from '@hubbub/rig/servers/server';
import { openPostgres } from '@hubbub/server/store/postgres/open';
import postgres from 'postgres';
import { type RunningServer, Stage } from './server-rig.ts';

const room = 'room:general';

/** Somebody who reads the room from the beginning, and what he was given. */
class Reader {
  readonly client: Client;
  /** What stands in the room for him now. */
  readonly texts = new Map<number, string>();
  readonly resets: string[] = [];
  /** Everything he was ever given, by where it stood in which history. */
  readonly given = new Map<string, string>();
  #epoch = '';

  constructor(node: RunningServer, name: string) {
    this.client = connect({ url: node.url, credentials: { name } });
    const subscription = this.client.subscribe(room, {
      position: '0',
      onEvents: (events) => {
        this.#epoch = subscription.position?.split('~')[1] ?? this.#epoch;
        for (const { offset, id, kind, body } of events) {
          const place = `${this.#epoch} ${offset}`;
          assert.equal(this.given.get(place) ?? id, id, `${place} names two events`);
          this.given.set(place, id);
          if (kind === 'message') this.texts.set(offset, (body as { text: string }).text);
        }
      },
      onReset: (reason) => {
        this.resets.push(reason);
        this.texts.clear();
      },
    });
  }

  say(text: string): Promise<unknown> {
    return this.client.send(room, { kind: 'message', body: { text } });
  }

  get heard(): string[] {
    return [...this.texts].sort(([one], [two]) => one - two).map(([, text]) => text);
  }
}

async function until(condition: () => boolean, what: () => unknown, patience = 30_000): Promise<void> {
  for (const end = Date.now() + patience; !condition(); await pause(20))
    assert.ok(Date.now() < end, `not in time: ${JSON.stringify(what())}`);
}

interface Play extends Disposable {
  readonly readers: readonly Reader[];
  /** Each in turn says so many things; resolves when they are acknowledged. */
  say(word: string, count: number): Promise<void>;
  /** Everybody has the same before him, and it ends with this. */
  agree(last: string): Promise<void>;
}

async function open(stage: Stage, url: string, ...words: string[]): Promise<Play> {
  const nodes = await Promise.all([0, 1].map(() => stage.serve(stage.folder(), '--store', url, ...words)));
  const readers = nodes.flatMap((node, at) => [new Reader(node, `ann${at}`), new Reader(node, `ben${at}`)]);
  return {
    readers,
    [Symbol.dispose]: () => {
      for (const { client } of readers) client.close();
    },
    say: async (word, count) => {
      for (let number = 1; number <= count; number++) await readers[number % readers.length]?.say(`${word} ${number}`);
    },
    agree: async (last) => {
      const heard = (): string[][] => readers.map((reader) => reader.heard);
      await until(() => heard().every((texts) => texts.at(-1) === last && texts.join() === heard()[0]?.join()), heard);
    },
  };
}

/** Of all that anybody was ever given, one place in one history names one event. */
function assertOneEventAPlace(readers: readonly Reader[]): void {
  const places = new Map<string, string>();
  for (const { given } of readers) {
    for (const [place, id] of given) {
      assert.equal(places.get(place) ?? id, id, `${place} names two events`);
      places.set(place, id);
    }
  }
}

describe('a database that has lost its tail', { skip: absent('postgres') }, () => {
  it('I11 a volume that was put back begins a new epoch before the next append, and every client reloads', async () => {
    await using server = await startPostgres();
    await using stage = new Stage();
    using play = await open(stage, server.url);
    await play.say('kept', 6);
    const restore = await copyDisk(server);
    await play.say('kept too', 2);
    await play.agree('kept too 2');
    assert.deepEqual(
      play.readers.flatMap(({ resets }) => resets),
      [],
      'a restart alone loses nothing',
    );
    await restore();
    // Sent at once, by nodes that may not have noticed anything yet.
    await play.say('after', 6);
    await play.agree('after 6');
    for (const reader of play.readers) {
      assert.deepEqual(reader.resets, ['new_epoch']);
      assert.deepEqual(
        reader.heard.slice(0, 6),
        [1, 2, 3, 4, 5, 6].map((number) => `kept ${number}`),
      );
      assert.equal(reader.heard.length, 12);
    }
    assertOneEventAPlace(play.readers);
  });

  it('I11 a standby that was promoted without the tail begins a new epoch, and every client reloads', async () => {
    await using first = await startPostgres();
    await using second = await startPostgres({ standbyOf: first });
    await using stage = new Stage();
    using play = await open(stage, `postgres://postgres@127.0.0.1:${first.port},127.0.0.1:${second.port}/postgres`);
    await play.say('kept', 6);
    await followed(first, second);
    await second.kill();
    await play.say('lost', 3);
    await play.agree('lost 3');
    await first.kill();
    await second.start();
    await ask(second, 'SELECT pg_promote()');
    await play.say('after', 6);
    await play.agree('after 6');
    for (const reader of play.readers) {
      assert.deepEqual(reader.resets, ['new_epoch']);
      assert.deepEqual(
        reader.heard,
        ['kept', 'after'].flatMap((word) => [1, 2, 3, 4, 5, 6].map((number) => `${word} ${number}`)),
      );
    }
    assertOneEventAPlace(play.readers);
  });

  it('goes on in the same epoch where the standby had everything, and the operator has said so', async () => {
    await using first = await startPostgres();
    await using second = await startPostgres({ standbyOf: first });
    await ask(first, "ALTER SYSTEM SET synchronous_standby_names = '*'");
    await ask(first, 'SELECT pg_reload_conf()');
    await using stage = new Stage();
    const url = `postgres://postgres@127.0.0.1:${first.port},127.0.0.1:${second.port}/postgres`;
    using play = await open(stage, url, '--sync-standby');
    await play.say('kept', 6);
    await play.agree('kept 6');
    await first.kill();
    // It would wait for a standby of its own.
    await ask(second, "ALTER SYSTEM SET synchronous_standby_names = ''");
    await ask(second, 'SELECT pg_promote()');
    await play.say('after', 6);
    await play.agree('after 6');
    for (const reader of play.readers) {
      assert.deepEqual(reader.resets, []);
      assert.equal(reader.heard.length, 12);
    }
    assertOneEventAPlace(play.readers);
  });

  it('I11 also where nobody was there to see it', async () => {
    await using first = await startPostgres();
    await using second = await startPostgres({ standbyOf: first });
    const url = `postgres://postgres@127.0.0.1:${first.port},127.0.0.1:${second.port}/postgres`;
    const before = await openPostgres({ url, settleMs: 0 });
    const { epoch } = await before.heads([room]);
    await followed(first, second);
    await before.close();
    await first.kill();
    await ask(second, 'SELECT pg_promote()');
    const notes: string[] = [];
    const after = await openPostgres({ url, settleMs: 0, onNote: (text) => notes.push(text) });
    const found = await after.heads([room]);
    await after.close();
    assert.notEqual(found.epoch, epoch);
    assert.match(notes.join(), /another timeline/);
  });

  async function ask<Row>(server: RealServer, text: string): Promise<Row | undefined> {
    const sql = postgres(server.url, { max: 1, onnotice: () => {} });
    try {
      return (await sql.unsafe(text))[0] as Row | undefined;
    } finally {
      await sql.end();
    }
  }

  async function followed(first: RealServer, second: RealServer): Promise<void> {
    const place = await ask<{ lsn: string }>(first, 'SELECT pg_current_wal_flush_lsn()::text AS lsn');
    for (;;) {
      const row = await ask<{ there: boolean }>(second, `SELECT pg_last_wal_replay_lsn() >= '${place?.lsn}'::pg_lsn AS there`);
      if (row?.there) return;
      await pause(50);
    }
  }
});
