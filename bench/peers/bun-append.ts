/**
 * The topic of Bun's own WebSocket server behind a log: each event is committed to SQLite and synced before it is published. What came in
 * one turn of the loop goes into one commit. The log has what an honest one needs: ids that are unique, dense offsets by channel, where
 * the channel stands; journal, sync and checkpoints are set as Hubbub sets them. `bun:sqlite` is synchronous, so the loop stands still
 * while the disk syncs; Hubbub's has a worker. Runs under Bun; takes a folder; prints `listening PORT`.
 */
import { Database } from 'bun:sqlite';

const db = new Database(`${process.argv[2]}/log.db`);
db.run('PRAGMA journal_mode = WAL');
db.run('PRAGMA synchronous = FULL');
db.run('PRAGMA wal_autocheckpoint = 4000');
db.run('CREATE TABLE heads (channel INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, head INTEGER NOT NULL) STRICT');
db.run(`CREATE TABLE events (
  row INTEGER PRIMARY KEY, channel INTEGER NOT NULL, offset INTEGER NOT NULL, ts INTEGER NOT NULL, id BLOB NOT NULL, body TEXT NOT NULL
) STRICT`);
db.run('CREATE UNIQUE INDEX events_place ON events (channel, offset)');
db.run('CREATE UNIQUE INDEX events_id ON events (id, channel)');
db.run("INSERT INTO heads (channel, name, head) VALUES (1, 'room:bench', 0)");

const raise = db.query('UPDATE heads SET head = head + 1 WHERE channel = 1 RETURNING head');
const insert = db.query('INSERT INTO events (channel, offset, ts, id, body) VALUES (1, ?, ?, ?, ?)');
const commit = db.transaction((texts) => {
  for (const text of texts) insert.run(raise.get().head, Date.now(), Bun.randomUUIDv7('buffer'), text);
});

let waiting = [];

function flush() {
  const texts = waiting;
  waiting = [];
  commit.immediate(texts);
  for (const text of texts) server.publish('room', text);
}

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  fetch: (request, http) =>
    http.upgrade(request, { data: { sends: request.url.endsWith('/send') } }) ? undefined : new Response('a WebSocket is expected'),
  websocket: {
    perMessageDeflate: false,
    open: (client) => void (client.data.sends || client.subscribe('room')),
    message: (_, text) => {
      if (waiting.push(text) === 1) setImmediate(flush);
    },
  },
});
console.log(`listening ${server.port}`);
