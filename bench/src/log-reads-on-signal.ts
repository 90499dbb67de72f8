/** Loaded into a node before it starts (`--import`): it counts what is read from the store, and tells it on SIGUSR2, on stderr. */
import { isMainThread } from 'node:worker_threads';
import { SqliteStore } from '@hubbub/server/store/sqlite/handle';

// The store's workers load this too.
if (isMainThread) {
  let [pages, heads, facts] = [0, 0, 0];
  const store = SqliteStore.prototype;
  const asked = { read: store.read, heads: store.heads, facts: store.facts };
  store.read = function (...question) {
    pages += 1;
    return asked.read.apply(this, question);
  };
  store.heads = function (...question) {
    heads += 1;
    return asked.heads.apply(this, question);
  };
  store.facts = function (...question) {
    facts += 1;
    return asked.facts.apply(this, question);
  };
  process.on('SIGUSR2', () => process.stderr.write(`reads ${JSON.stringify({ pages, heads, facts })}\n`));
}
