import { type Client, connect, HubbubError, type Inbox, type Subscription } from '@hubbub/client/client';
import { uuidv7 } from '@hubbub/protocol/id';
import type { Cluster } from './cluster.ts';
import { dialer } from './link.ts';
import type { Reader, Sending } from './record.ts';
import { writeToken } from './tokens.ts';
import type { Actor } from './world.ts';

const settleBefore = 250;

/** A channel that is read. */
interface Held {
  readonly reader: Reader;
  subscription: Subscription;
  liveSince: number;
  /** How often it has begun anew, over another link. */
  openings: number;
}

/** What a signal says here: whose it is, so that it can be told whether it comes twice, or back. */
interface Signalled {
  readonly session: number;
  readonly number: number;
}

/** Somebody with a client: joins, reads, says, edits, leaves, comes back. Knows nothing of faults. */
export class User {
  readonly name: string;
  readonly actor: Actor;
  readonly #cluster: Cluster;
  readonly #channels: readonly string[];
  readonly #readers = new Map<string, Held>();
  /** Where it has read up to, over its clients. */
  readonly #positions = new Map<string, string>();
  readonly #others: () => readonly string[];
  client: Client;
  inbox: Inbox;
  #signals = 0;
  #noTokenBefore = 0;
  session = 0;
  busy = true;

  constructor(name: string, cluster: Cluster, channels: readonly string[], others: () => readonly string[]) {
    this.name = name;
    this.#cluster = cluster;
    this.#channels = channels;
    this.#others = others;
    this.actor = cluster.world.actor(`user ${name}`);
    cluster.names(this.actor, name);
    this.client = this.#connect();
    this.inbox = this.client.inbox({ onChange: () => {} });
    for (const channel of channels) this.#join(channel);
    this.#live();
    this.#pass();
  }

  get readers(): readonly { readonly reader: Reader; readonly subscription: Subscription }[] {
    return [...this.#readers.values()];
  }

  /** No more of its own accord; it reads on. */
  rest(): void {
    this.busy = false;
  }

  close(): void {
    this.busy = false;
    for (const { reader } of this.#readers.values()) reader.closed = true;
    this.#readers.clear();
    this.client.close();
  }

  send(channel: string, kind: string, body: object, options: { readonly id?: string; readonly odd?: boolean } = {}): void {
    const id = options.id ?? uuidv7(this.actor.env());
    const { world, record } = this.#cluster;
    const sending: Sending = {
      user: this.name,
      session: `${this.name} ${this.session}`,
      channel,
      id,
      body: JSON.stringify(body),
      sentAt: world.now,
      odd: options.odd ?? false,
    };
    record.sendings.push(sending);
    this.client.send(channel, { id, kind, body }).then(
      ({ offset, epoch }) => {
        sending.ack = { offset, epoch, at: world.now };
      },
      (error: unknown) => {
        sending.refused = error instanceof HubbubError ? error.code : String(error);
        this.client.discard(id);
      },
    );
  }

  #connect(): Client {
    this.session += 1;
    const { dice } = this.actor;
    const bandwidth = dice.between(200, 2_000);
    const weather = () => ({ delay: () => dice.delay(2, 30), bandwidth });
    return connect({
      url: 'sim://cluster',
      credentials: { token: () => this.#token() },
      env: this.actor.env(),
      dial: dialer(this.actor, () => this.#cluster.door(this.actor), weather, this.#cluster),
    });
  }

  #join(channel: string): void {
    this.send(channel, 'join', {}, { odd: true });
    this.actor.after(this.actor.dice.between(50, 800), () => this.#read(channel));
  }

  /** What its login service gives, when it is there: many of them do not last. */
  #token(): Promise<string> {
    const { dice } = this.actor;
    const lasts = dice.chance(0.4) ? undefined : dice.between(2_000, 20_000);
    return new Promise((resolve, reject) => {
      this.actor.after(dice.between(1, 60), () => {
        const issuedAt = this.#cluster.world.now;
        if (dice.chance(0.15)) this.#noTokenBefore = issuedAt + dice.between(500, 5_000);
        if (this.busy && issuedAt < this.#noTokenBefore) return reject(new Error('the login service is away'));
        resolve(writeToken({ user: this.name, issuedAt, ...(lasts !== undefined && { expiresAt: issuedAt + lasts }) }));
      });
    });
  }

  /** Subscribes from where it has been, or from the beginning. Where it may not, it joins again. */
  #read(channel: string): void {
    if (this.#readers.has(channel) || this.client.status.state === 'closed') return;
    const { record, world } = this.#cluster;
    const { session } = this;
    const from = this.#positions.get(channel) ?? '0';
    const reader: Reader = { user: this.name, channel, applied: [], resets: [], closed: false, from };
    record.readers.push(reader);
    const held = { reader, liveSince: Number.POSITIVE_INFINITY, openings: 0 } as Held;
    held.subscription = this.client.subscribe(channel, {
      position: from,
      onEvents: (events) => {
        const live = world.now - held.liveSince > settleBefore;
        for (const event of events) reader.applied.push({ event, at: world.now, live });
        this.#remember(channel, held.subscription);
      },
      onReset: (reason) => {
        reader.resets.push({ reason, at: world.now });
        if (reason !== 'trimmed') reader.applied = [];
        else reader.applied = [];
        this.#remember(channel, held.subscription);
      },
      onState: (state) => {
        held.liveSince = state.state === 'live' ? world.now : Number.POSITIVE_INFINITY;
        if (state.state === 'opening') held.openings += 1;
        if (state.state !== 'gone' || reader.closed) return;
        this.#leave(channel);
        if (this.busy) this.actor.after(this.actor.dice.between(200, 1_500), () => this.#join(channel));
      },
      onPresence: () => {},
      onSignal: ({ from, body }) => {
        const { session: fromSession, number } = body as Signalled;
        record.heard.push({ user: this.name, session, opening: held.openings, from, fromSession, number, channel });
      },
    });
    this.#readers.set(channel, held);
  }

  #remember(channel: string, subscription: Subscription | undefined): void {
    if (subscription?.position) this.#positions.set(channel, subscription.position);
  }

  #leave(channel: string): void {
    const held = this.#readers.get(channel);
    if (!held) return;
    held.reader.closed = true;
    this.#readers.delete(channel);
    held.subscription.close();
  }

  #live(): void {
    this.actor.after(this.actor.dice.between(200, 900), () => {
      if (!this.busy) return;
      if (this.client.status.state !== 'closed') this.#act();
      this.#live();
    });
  }

  /** Types, now and then faster than anybody can. */
  #pass(): void {
    const { dice } = this.actor;
    this.actor.after(dice.between(300, 1_500), () => {
      if (!this.busy) return;
      const times = dice.chance(0.03) ? 30 : 1;
      for (let time = 0; time < times; time++) {
        this.#signals += 1;
        const body: Signalled = { session: this.session, number: this.#signals };
        this.client.signal(dice.pick(this.#channels) ?? '', 'typing', body);
      }
      this.#pass();
    });
  }

  #act(): void {
    const { dice } = this.actor;
    const channel = dice.pick(this.#channels) ?? '';
    const roll = dice.random() * 100;
    const say = (size: number, odd = false): void => this.send(channel, 'say', { text: 'x'.repeat(size) }, { odd });
    const other = dice.pick(this.#others()) ?? this.name;
    const seen = this.#readers.get(channel)?.reader.applied;
    const some = seen?.[dice.below(seen.length)]?.event;
    if (roll < 58) return say(1 + dice.below(120));
    if (roll < 66) return this.#claim(channel);
    if (roll < 72) for (let at = 0; at < 6; at++) say(dice.below(40));
    else if (roll < 75) say(8_000 + dice.below(8_000));
    else if (roll < 78) this.send(channel, 'mention', { of: other });
    else if (roll < 81) this.send(channel, 'edit', { of: some?.offset ?? 1 }, { odd: true });
    else if (roll < 83 && some) this.send(channel, 'delete', { of: some.offset }, { odd: true });
    else if (roll < 84) this.send(channel, 'leave', {}, { odd: true });
    else if (roll < 85.5) this.send(channel, 'kick', { of: other }, { odd: true });
    else if (roll < 87.5) this.#ban(other);
    else if (roll < 88.7) for (const name of this.#others()) this.send(`user:${name}`, 'pardon', {}, { odd: true });
    else if (roll < 89.9) this.send(`user:${other}`, 'revoke', { at: this.#cluster.world.now }, { odd: true });
    else if (roll < 90.2) this.#twice(channel);
    else if (roll < 90.8) this.send(channel, 'say', { text: 'poison' }, { odd: true });
    else if (roll < 91.6 && some?.from === this.name) this.send(channel, 'say', { text: 'another' }, { id: some.id, odd: true });
    else if (roll < 94) this.#reconnect();
    else if (roll < 95.4) this.#readBack(channel);
    else if (roll < 97) {
      this.#leave(channel);
      this.actor.after(dice.between(0, 300), () => this.#read(channel));
    } else say(0);
  }

  /** Claims what one alone can have, and says so in one breath: the claim may be refused, and no longer be so when it is tried again. */
  #claim(channel: string): void {
    // While this is on its way the others gather: they go in one list.
    this.send(channel, 'say', { text: 'now' });
    this.send(channel, 'claim', {});
    for (let at = 0; at < 2; at++) this.send(channel, 'say', { text: 'mine' });
    this.actor.after(this.actor.dice.between(100, 2_500), () => {
      if (this.busy) this.send(channel, 'release', {}, { odd: true });
    });
  }

  /** A page of what was said before what he has read, or the newest. */
  #readBack(channel: string): void {
    const { record, world } = this.#cluster;
    const [offset = '0', epoch] = this.#positions.get(channel)?.split('~') ?? [];
    const before = epoch !== undefined && this.actor.dice.chance(0.5) ? { before: { offset: Number(offset), epoch } } : {};
    this.client.history(channel, { ...before, limit: 20 }).then(
      (page) => void record.pages.push({ user: this.name, channel, epoch: page.epoch, events: page.events, at: world.now }),
      (error: unknown) => {
        // Refused, of another history, or he has gone.
        if (!(error instanceof HubbubError)) throw error;
      },
    );
  }

  /** For a while: whoever stays banned is of no more use here. */
  #ban(name: string): void {
    this.send(`user:${name}`, 'ban', {}, { odd: true });
    this.actor.after(4_000, () => {
      if (this.busy) this.send(`user:${name}`, 'pardon', {}, { odd: true });
    });
  }

  /** Two programs of one person that send the same event at once. */
  #twice(channel: string): void {
    const id = uuidv7(this.actor.env());
    const second = this.#connect();
    this.actor.after(100, () => {
      this.send(channel, 'say', { text: 'same' }, { id, odd: true });
      second.send(channel, { id, kind: 'say', body: { text: 'same' } }).then(
        () => second.close(),
        () => second.close(),
      );
      this.actor.after(20_000, () => second.close());
    });
  }

  /** The client goes, with what it had not sent; another one comes, from where this one has read to. */
  #reconnect(): void {
    for (const channel of [...this.#readers.keys()]) {
      const held = this.#readers.get(channel);
      if (held) held.reader.closed = true;
    }
    this.#readers.clear();
    this.client.close();
    this.actor.after(this.actor.dice.between(10, 3_000), () => {
      this.client = this.#connect();
      this.inbox = this.client.inbox({ onChange: () => {} });
      for (const channel of this.#channels) this.#read(channel);
    });
  }
}
