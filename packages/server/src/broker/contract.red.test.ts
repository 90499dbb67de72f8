/** Each rule of the broker's contract shown red: on a broker that breaks it, it has to say so. */
import assert, { AssertionError } from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Broker, BrokerSinks, OpenBroker } from './broker.ts';
import { around } from './contract/around.fixture.ts';
import { hallFactory, type Parts } from './contract/hall.fixture.ts';
import { seeded } from './contract/interleave.contract.ts';
import { brokerContract, brokerRules } from './contract.ts';
import type { Line, Link } from './remote/line.ts';

interface Broken extends Parts {
  /** The rules that have to find it. */
  readonly breaks: readonly string[];
  /** A broker that … */
  readonly that: string;
}

type Change = (broker: Broker, sinks: BrokerSinks) => Partial<Broker>;

const changed =
  (change: Change) =>
  (open: OpenBroker): OpenBroker =>
  (sinks) => {
    const broker = open(sinks);
    return around(broker, change(broker, sinks));
  };

const deaf =
  (onGap: (sinks: BrokerSinks, reason: string) => void) =>
  (open: OpenBroker): OpenBroker =>
  (sinks) =>
    open({ onEnvelope: sinks.onEnvelope, onGap: (reason) => onGap(sinks, reason) });

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Brings its own beats back by itself: whether the server lives, it cannot know. */
const believes = (link: Link, line: Line): Link => ({
  ...link,
  send: async (parcels) => {
    for (const { channel, envelope } of parcels) if (channel.startsWith('beat:')) line.heard(channel, envelope);
    link.send(parcels).catch(() => {});
  },
});

/** Each call goes to the server by itself, and what was answered last counts. */
function trusting(open: OpenBroker): OpenBroker {
  const random = seeded(7);
  return (sinks) => {
    const channels = new Set<string>();
    const hears = (channel: string): boolean => !channel.startsWith('room:') || channels.has(channel);
    const broker = open({
      onGap: sinks.onGap,
      onEnvelope: (channel, envelope) => {
        if (hears(channel)) sinks.onEnvelope(channel, envelope);
      },
    });
    return around(broker, {
      subscribe: async (some) => {
        await broker.subscribe(some);
        await turns(Math.floor(random() * 4));
        for (const channel of some) channels.add(channel);
      },
      unsubscribe: async (some) => {
        await turns(Math.floor(random() * 4));
        for (const channel of some) channels.delete(channel);
      },
    });
  };
}

const all: readonly Broken[] = [
  {
    breaks: ['B1'],
    that: 'changes what it carries',
    broker: changed((one) => ({ publish: (to, text) => one.publish(to, text.replaceAll('é', 'e')) })),
  },
  { breaks: ['B2', 'B16'], that: 'hears what it has left', broker: changed(() => ({ unsubscribe: async () => {} })) },
  {
    breaks: ['B3', 'B6', 'B16'],
    that: 'says everything twice',
    broker: changed((one) => ({
      publish: (channel, envelope) => {
        one.publish(channel, envelope);
        one.publish(channel, envelope);
      },
    })),
  },
  { breaks: ['B4'], that: 'trusts the order of answers', broker: trusting },
  {
    breaks: ['B5'],
    that: 'takes its time to close',
    broker: changed((one) => ({ close: async () => void setTimeout(() => void one.close(), 100) })),
  },
  {
    breaks: ['B6'],
    that: 'brings to its own node what it says at once',
    broker: changed((one, sinks) => ({
      publish: (channel, envelope) => {
        if (channel.startsWith('room:')) sinks.onEnvelope(channel, envelope);
        else one.publish(channel, envelope);
      },
    })),
  },
  { breaks: ['B7', 'B8', 'B10', 'B15'], that: 'tells of no gap', broker: deaf(() => {}) },
  {
    breaks: ['B7', 'B9'],
    that: 'tells of each gap twice',
    broker: deaf((sinks, reason) => {
      sinks.onGap(reason);
      sinks.onGap(reason);
    }),
  },
  {
    breaks: ['B7', 'B10'],
    that: 'takes what it has asked for as granted',
    link: (link) => ({
      ...link,
      subscribe: async (channels) => {
        setTimeout(() => void link.subscribe(channels), 50);
      },
    }),
  },
  {
    breaks: ['B8'],
    that: 'keeps what it cannot say',
    broker: (open) => (sinks) => {
      const kept: [string, string][] = [];
      const broker = open({
        onEnvelope: sinks.onEnvelope,
        onGap: (reason) => {
          for (const [channel, envelope] of kept.splice(0)) broker.publish(channel, envelope);
          sinks.onGap(reason);
        },
      });
      return around(broker, {
        publish: (channel, envelope) => {
          const { dropped } = broker;
          broker.publish(channel, envelope);
          if (broker.dropped > dropped) kept.push([channel, envelope]);
        },
      });
    },
  },
  {
    breaks: ['B8'],
    that: 'throws where nobody is there',
    broker: changed((one) => ({ publish: (to, text) => saidOrThrown(one, to, text) })),
  },
  { breaks: ['B9', 'B14'], that: 'believes in its connection', link: believes },
  { breaks: ['B10'], that: 'does not open without a server', broker: (open) => (sinks) => opened(open(sinks)) },
  {
    breaks: ['B11'],
    that: 'cuts what is too long',
    broker: changed((one) => ({ publish: (to, text) => one.publish(to, text.slice(0, 512)) })),
  },
  { breaks: ['B12'], that: 'is in every cluster', cluster: 'usual' },
  {
    breaks: ['B13'],
    that: 'forgets the last of a thousand',
    link: (link) => ({ ...link, subscribe: (channels) => link.subscribe(channels.length < 1_000 ? channels : channels.slice(0, -1)) }),
  },
  {
    breaks: ['B15'],
    that: 'hears on where its leaving had no answer',
    broker: changed((one) => ({ unsubscribe: (channels) => one.unsubscribe(channels).catch(() => one.subscribe(channels)) })),
  },
  {
    breaks: ['B16'],
    that: 'takes large letters for small ones',
    broker: changed((one) => ({
      subscribe: (channels) => one.subscribe(channels.map((channel) => channel.toLowerCase())),
      unsubscribe: (channels) => one.unsubscribe(channels.map((channel) => channel.toLowerCase())),
      publish: (channel, envelope) => one.publish(channel.toLowerCase(), envelope),
    })),
  },
];

function saidOrThrown(broker: Broker, channel: string, envelope: string): void {
  const { dropped } = broker;
  broker.publish(channel, envelope);
  assert.equal(broker.dropped, dropped, 'nobody is there');
}

function opened(broker: Broker): Broker {
  const said = broker.subscribe(['room:x']);
  said.catch(() => void broker.close());
  return broker;
}

brokerContract('on a server in this process', () => hallFactory());

describe("the broker's contract, broken", { concurrency: true }, () => {
  for (const rule of brokerRules) {
    const breaking = all.filter(({ breaks }) => breaks.includes(rule.id));
    it(`${rule.id} can be broken`, () => assert.ok(breaking.length > 0, 'no broker breaks it: perhaps none can'));
    for (const { that, ...parts } of breaking) {
      it(`${rule.id} finds a broker that ${that}`, () =>
        // A rule that breaks down by itself, with a TypeError or the like, has found nothing.
        assert.rejects(rule.run(hallFactory(parts)), (error) => error instanceof AssertionError));
    }
  }

  it('has rules with one id each, and breaks none that is not there', () => {
    const ids = brokerRules.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(
      all.flatMap(({ breaks }) => breaks.filter((id) => !ids.includes(id))),
      [],
    );
  });
});
