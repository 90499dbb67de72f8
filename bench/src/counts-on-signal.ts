/**
 * Loaded into a node before it starts (`--import`): it counts what it asks of PostgreSQL and what the broker hands it, and tells it on
 * SIGUSR2, on stderr.
 */
import { isMainThread } from 'node:worker_threads';
import { Bells } from '@hubbub/server/core/bells';
import { PostgresStore } from '@hubbub/server/store/postgres/handle';

if (isMainThread) {
  /** Batches that were appended; reads of pages, heads and facts; looks; envelopes of other nodes and its own. */
  const counts = { appends: 0, reads: 0, looks: 0, heard: 0 };
  const store = PostgresStore.prototype;
  const { append, read, heads, facts, moved } = store;
  const { hear } = Bells.prototype;
  store.append = function (...items) {
    counts.appends += 1;
    return append.apply(this, items);
  };
  store.read = function (...question) {
    counts.reads += 1;
    return read.apply(this, question);
  };
  store.heads = function (...question) {
    counts.reads += 1;
    return heads.apply(this, question);
  };
  store.facts = function (...question) {
    counts.reads += 1;
    return facts.apply(this, question);
  };
  store.moved = function (...question) {
    counts.looks += 1;
    return moved.apply(this, question);
  };
  Bells.prototype.hear = function (...envelope) {
    counts.heard += 1;
    hear.apply(this, envelope);
  };
  process.on('SIGUSR2', () => process.stderr.write(`counts ${JSON.stringify(counts)}\n`));
}
