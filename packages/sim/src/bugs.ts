/** A bug to plant: a file of the product, and what to write where. The checker must catch it, or it would not catch the real one. */
export interface Bug {
  readonly name: string;
  /** The end of the file's path. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

export const bugs: readonly Bug[] = [
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
    name: 'resume off by one',
    file: 'core/start.ts',
    find: 'const cursor = Math.max(position.offset, first - 1);',
    replace: 'const cursor = Math.min(head, Math.max(position.offset + (position.epoch ? 1 : 0), first - 1));',
  },
  {
    name: 'dropped bell ignored',
    file: 'core/look.ts',
    find: 'for (const channel of behind) channel.check();',
    replace: '',
  },
  {
    name: 'node deaf after unsubscribe and subscribe',
    file: 'core/hub.ts',
    find: 'this.#brokered.delete(channel.name)',
    replace: 'this.#brokered.has(channel.name)',
  },
  {
    name: 'SDK forgets its cursor at every reconnect',
    file: 'client/src/subscription.ts',
    find: "    if (this.#state.state !== 'gone') this.#set({ state: 'opening' });",
    replace: "    this.#cursor = undefined; if (this.#state.state !== 'gone') this.#set({ state: 'opening' });",
  },
  {
    name: 'replica read',
    file: 'core/hub.ts',
    find: 'head: 0, n: 0, first: 1 });',
    replace: 'head: 0, n: 0, first: 1 }).map((at) => ({ ...at, head: Math.max(0, at.head - 2) }));',
  },
  {
    name: 'a duplicate is written again',
    file: 'store/memory/log.ts',
    find: 'if (known !== undefined) return this.#repeated(item, known);',
    replace: 'if (known !== undefined && item.probe) return this.#repeated(item, known);',
  },
  {
    name: 'epoch read once',
    file: 'core/history.ts',
    find: 'if (pair.epoch === this.#epoch) return;',
    replace: 'if (this.#epoch !== undefined) return;',
  },
  {
    name: 'skipped authority check',
    file: 'core/feed.ts',
    find: "if (verdict !== 'ok') throw",
    replace: "if (verdict === 'bad_channel') throw",
  },
  {
    name: 'revocations overlooked',
    file: 'core/node.ts',
    find: 'const named = header.concerns ?? [];',
    replace: "const named: string[] = header.offset > 0 ? [] : ['*'];",
  },
  {
    name: 'a hole is stepped over',
    file: 'core/channel.ts',
    find: 'if (this.open && header.offset === this.head + 1) this.#take(event);',
    replace: 'if (this.open && header.offset > this.head) this.#take(event);',
  },
  {
    name: 'unknown taken for written',
    file: 'core/commands/send.ts',
    find: "      case 'failed':\n",
    replace: "      case 'failed':\n        if (outcome.code === 'unknown') return { offset: 1, n: 1, ts: 1 };\n",
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
    name: 'a held node goes on delivering',
    file: 'core/fanout.ts',
    find: 'const held = this.#parts.held();',
    replace: 'const held = began < 0;',
  },
  {
    name: 'bells of another epoch believed',
    file: 'core/history.ts',
    find: '    return false;\n',
    replace: '    return true;\n',
  },
  {
    name: 'an inbox that is not told what another one has read',
    file: 'core/inboxes.ts',
    find: '    this.#learn(channels.map((channel, at) => ({ channel, ...(heads[at] ?? { head: 0, n: 0 }) })));',
    replace: '    channels.forEach((channel, at) => void this.#places.get(channel)?.learn(heads[at]?.head ?? 0, heads[at]?.n ?? 0));',
  },
  {
    name: 'an inbox deaf to concerns',
    file: 'core/node.ts',
    find: '        this.#inboxes.concerned(channel, header);\n',
    replace: '',
  },
  {
    name: 'an inbox that keeps what it knew of a former history',
    file: 'core/inboxes.ts',
    find: '    this.#places.forget();\n',
    replace: '',
  },
  {
    name: 'pages are read out without asking',
    file: 'core/reading.ts',
    find: "if (verdict !== 'ok')",
    replace: "if (verdict === 'bad_channel')",
  },
  {
    name: 'swallowed broker error',
    file: 'core/node.ts',
    find: '        this.#look.gap();\n',
    replace: '',
  },
  {
    name: 'a held node goes on giving signals',
    file: 'core/signals.ts',
    find: "    if (held()) return env.count('signal_held');\n",
    replace: '',
  },
  {
    name: 'a held node goes on telling who is there',
    file: 'core/passing.ts',
    find: 'presence: () => this.presence, held });',
    replace: 'presence: () => this.presence, held: () => false });',
  },
  {
    name: 'a signal comes back to whoever gave it',
    file: 'core/attendance.ts',
    find: 'from === this.member.session',
    replace: "from === ''",
  },
  {
    name: 'a signal that the broker doubles is given twice',
    file: 'core/signals.ts',
    find: 'heard.number <= (numbers.get(node) ?? 0)',
    replace: 'heard.number < (numbers.get(node) ?? 0)',
  },
  {
    name: 'who has gone stays there',
    file: 'presence/presence.ts',
    find: "        env.count('presence_away');\n        this.#remove(own);",
    replace: "        env.count('presence_away');",
  },
  {
    name: 'who was on a node that has died is there for ever',
    file: 'presence/beats.ts',
    find: 'deadAfter = 12_000',
    replace: 'deadAfter = 12_000_000',
  },
  {
    name: 'who could not be told of a change never hears of it',
    file: 'core/watching.ts',
    find: 'watcher.current = !stale && watcher.ready && this.#tellOne(telling, watcher);',
    replace: 'if (!stale && watcher.ready) watcher.current = this.#tellOne(telling, watcher);',
  },
  {
    name: 'the SDK asks once who is there',
    file: 'client/src/subscription.ts',
    find: 'if (!this.#deaf) this.#presence?.opened();',
    replace: 'if (!this.#deaf && this.#asked === 1) this.#presence?.opened();',
  },
  {
    name: 'what was passed by is overtaken',
    file: 'core/appender.ts',
    find: 'others.filter((one) => !isAfter(one)),',
    replace: 'others,',
  },
  {
    name: 'a list goes on after a refusal',
    file: 'commands/send.ts',
    find: 'if (item.facts || item.empties || item.probe) break;',
    replace: 'if (item.facts || item.empties) break;',
  },
  {
    name: 'a revoked token goes on',
    file: 'core/sign-in.ts',
    find: 'const { who } = await this.#parts.identifying.identify({ token });\n      // Asked again',
    replace: 'const who = this.#who;\n      // Asked again',
  },
  {
    name: 'a token that cannot be asked about goes on',
    file: 'core/sign-in.ts',
    find: 'return !this.#over && !this.expired() && !this.#doubted;',
    replace: 'return !this.#over && !this.expired();',
  },
  {
    name: 'a token has no end',
    file: 'core/sign-in.ts',
    find: 'this.#sinks = sinks;\n    this.#who = who;',
    replace: 'this.#sinks = sinks;\n    this.#who = { user: who.user, rights: who.rights };',
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
    name: 'channels are never let go of',
    file: 'core/hub.ts',
    find: 'channel.listeners.size === 0) this.#releaseLater(channel);',
    replace: 'channel.listeners.size === 1) this.#releaseLater(channel);',
  },
  {
    name: 'a command is taken whose token is in doubt',
    file: 'core/connection.ts',
    find: "      if (command.cmd !== 'refresh') member.mustHold();\n",
    replace: '',
  },
  {
    name: 'a yes is as fresh as its answer',
    file: 'commands/send.ts',
    find: 'run.items, run.askedAt, again',
    replace: 'run.items, this.#parts.env.now(), again',
  },
  {
    name: 'what an event was admitted on is not looked at again',
    file: 'store/memory/log.ts',
    find: "    for (const { key, value } of item.requires ?? []) if ((this.facts.get(key)?.value ?? null) !== value) return rejected('requires');\n",
    replace: '',
  },
  {
    name: "who waits for the broker's word waits for ever",
    file: 'core/hub.ts',
    find: 'await within(this.#env, brokerPatience, acknowledged).catch(() => {});',
    replace: 'await acknowledged.catch(() => {});',
  },
  {
    name: 'what the broker refused is refused to readers',
    file: 'core/hub.ts',
    find: 'await within(this.#env, brokerPatience, acknowledged).catch(() => {});',
    replace: 'await within(this.#env, brokerPatience, acknowledged);',
  },
  {
    name: 'a broker that is away is never noticed',
    file: 'core/bells.ts',
    find: 'return this.#out.size >= 2;',
    replace: 'return this.#out.size >= 200;',
  },
  {
    name: 'a broker that is back is never noticed',
    file: 'core/bells.ts',
    find: 'for (const earlier of this.#out.keys()) if (earlier <= number) this.#out.delete(earlier);',
    replace: 'if (this.#out.size < 2) this.#out.delete(number);',
  },
  {
    name: "anybody's bell is taken for one's own",
    file: 'core/bells.ts',
    find: '    if (envelope.node === this.#node) return;\n',
    replace: '    if (envelope.node === this.#node) return;\n    this.#out.clear();\n',
  },
  {
    name: 'a node that hears nothing takes the others for dead',
    file: 'presence/presence.ts',
    find: 'if (wire.deaf || stopped) this.#deaf = true;',
    replace: 'if (stopped) this.#deaf = true;',
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
