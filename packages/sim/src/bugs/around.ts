import type { Bug } from './bug.ts';

/** In what a node stands on, in what stands on it, and in the SDK. */
export const bugsAround: readonly Bug[] = [
  {
    name: 'ack before sync',
    file: 'sim/src/store.ts',
    find: '      return call(true, async () => {\n        const { epoch } = data;',
    replace: `      return weather.down ? inner.heads(items.map(({ channel }) => channel)).then(({ heads, ...pair }) => ({
        ...pair,
        outcomes: heads.map(({ head, n }) => ({ status: 'committed' as const, offset: head + 1, n, ts: 1 })),
      })) :
      call(true, async () => {
        const { epoch } = data;`,
  },
  {
    name: 'SDK forgets its cursor at every reconnect',
    file: 'client/src/subscription.ts',
    find: "    if (this.#state.state !== 'gone') this.#set({ state: 'opening' });",
    replace: "    this.#cursor = undefined; if (this.#state.state !== 'gone') this.#set({ state: 'opening' });",
  },
  {
    name: 'a duplicate is written again',
    file: 'store/memory/log.ts',
    find: 'if (known !== undefined) return this.#repeated(item, known);',
    replace: 'if (known !== undefined && item.probe) return this.#repeated(item, known);',
  },
  {
    name: 'a reply is taken up after the next frame',
    file: 'client/src/line.ts',
    find: 'taken?.(reply);\n        resolve(reply);',
    replace: 'resolve(reply);\n        void Promise.resolve().then(() => taken?.(reply));',
  },
  {
    name: 'retry under a new id',
    file: 'client/src/outbox.ts',
    find: 'batch.map(({ text }) => text)',
    replace:
      'batch.map(({ text, id, tries }) => (tries > 1 ? text.replace(id, write({ kind: `say`, body: 0 }, this.#parts.env).id) : text))',
  },
  {
    name: 'a link that is dead is not noticed',
    file: 'client/src/line.ts',
    find: 'const silence = 2 * limits.heartbeatMs;',
    replace: 'const silence = 200 * limits.heartbeatMs;',
  },
  {
    name: 'who has gone stays there',
    file: 'presence/away.ts',
    find: "        env.count('presence_away');\n        this.#gone(own);",
    replace: "        env.count('presence_away');",
  },
  {
    name: 'who was on a node that has died is there for ever',
    file: 'presence/beats.ts',
    find: 'deadAfter = 12_000',
    replace: 'deadAfter = 12_000_000',
  },
  {
    name: 'the SDK asks once who is there',
    file: 'client/src/subscription.ts',
    find: 'if (!this.#deaf) this.#presence?.opened();',
    replace: 'if (!this.#deaf && this.#asked === 1) this.#presence?.opened();',
  },
  {
    name: 'the SDK does not look for a newer token',
    file: 'client/src/token-keeper.ts',
    find: "if (code !== 'unauthorized' || !this.#source) return;",
    replace: "if (code !== '') return;",
  },
  {
    name: 'rollback not noticed',
    file: 'store/memory/memory.ts',
    find: 'if (earlier(mark, seen.mark)) throw',
    replace: 'if (closed) throw',
  },
  {
    name: 'what an event was admitted on is not looked at again',
    file: 'store/memory/log.ts',
    find: "    for (const { key, value } of item.requires ?? []) if ((this.facts.get(key)?.value ?? null) !== value) return rejected('requires');\n",
    replace: '',
  },
  {
    name: 'a node that hears nothing takes the others for dead',
    file: 'presence/presence.ts',
    find: 'if (wire.deaf) this.#deaf = true;\n    else if (this.#deaf)',
    replace: 'if (this.#deaf)',
  },
  {
    name: 'a broker that came back empty is left so',
    file: 'sim/src/broker.ts',
    find: '      void this.#inner.subscribe([...this.#wanted]);\n',
    replace: '',
  },
  {
    name: 'an envelope of the next version is believed',
    file: 'broker/envelope.ts',
    find: 'if (first.v !== version || typeof head',
    replace: 'if (typeof head',
  },
  {
    name: 'a note of any kind is handed on',
    file: 'broker/envelope.ts',
    find: "    if (kind !== 'signal' && kind !== 'presence') return undefined;\n",
    replace: '',
  },
  {
    name: 'the SDK knows all pushes that there will ever be',
    file: 'client/src/client.ts',
    find: "      case 'bye':\n      case 'error':\n        return undefined;",
    replace: "      case 'bye':\n      case 'error':\n        return undefined;\n      default:\n        throw new Error('no such push');",
  },
  {
    name: 'the SDK takes codes that it does not know for final',
    file: 'protocol/src/codes.ts',
    find: ': retryAfter !== undefined;',
    replace: ': false;',
  },
  {
    name: 'members that nobody knows are ignored',
    file: 'protocol/src/command.ts',
    find: 'additionalProperties: false',
    replace: 'additionalProperties: true',
  },
  {
    name: 'a handle appends at once over new connections',
    file: 'sim/src/store.ts',
    find: 'if (refused || (writing && !settling.settled)) return answer(refuse);',
    replace: 'if (refused) return answer(refuse);',
  },
  {
    name: "a store's time follows its calendar back",
    file: 'store/memory/log.ts',
    find: 'const ts = Math.max(last?.ts ?? 0, Math.floor(item.ts ?? now));',
    replace: 'const ts = Math.floor(item.ts ?? now);',
  },
  {
    name: "the end of a token is taken for a time of the node's clock",
    file: 'sim/src/tokens.ts',
    find: '{ expires: now + (expiresAt - calendar) }',
    replace: '{ expires: expiresAt }',
  },
];
