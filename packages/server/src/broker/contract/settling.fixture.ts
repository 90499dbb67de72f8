import type { Broker, BrokerSinks, OpenBroker } from '../broker.ts';
import { bucketOf, buckets } from '../remote/buckets.ts';
import { around } from './around.fixture.ts';
import { until } from './rule.contract.ts';

/** Channels of every bucket there can be: behind what was said on all of them, nothing is under way. */
const markers = Array.from({ length: buckets }, (_, bucket) => {
  for (let number = 0; ; number++) if (bucketOf(`settled:${number}`) === bucket) return `settled:${number}`;
});
/** What was said while somebody was away is not heard by all: after so long it is said again. */
const patience = 500;
const longest = 20_000;

interface Joined {
  readonly broker: Broker;
  readonly cluster: string;
  readonly heard: Set<string>;
}

/** Brokers on a server that can be waited for: everybody says a word on every marker, until everybody in his cluster has heard them all. */
export class Settling {
  readonly #members = new Set<Joined>();
  #round = 0;

  join(open: OpenBroker, sinks: BrokerSinks, cluster = 'usual'): Broker {
    const heard = new Set<string>();
    const broker = open({
      onGap: (reason) => sinks.onGap(reason),
      onEnvelope: (channel, envelope) => {
        if (channel.startsWith('settled:')) heard.add(`${channel} ${envelope}`);
        else sinks.onEnvelope(channel, envelope);
      },
    });
    const member = { broker, cluster, heard };
    this.#members.add(member);
    broker.subscribe(markers).catch(() => {});
    return around(broker, {
      close: () => {
        this.#members.delete(member);
        return broker.close();
      },
    });
  }

  async settled(): Promise<void> {
    const end = performance.now() + longest;
    for (let done = false; !done; ) {
      const last = performance.now() + patience > end;
      done = await this.#said(patience).catch((error: unknown) => {
        if (last) throw error;
        return false;
      });
    }
  }

  async #said(ms: number): Promise<true> {
    const round = ++this.#round;
    const members = [...this.#members];
    for (const { heard } of members) heard.clear();
    members.forEach(({ broker }, speaker) => {
      for (const marker of markers) broker.publish(marker, `${round}.${speaker}`);
    });
    await until(
      'everything that was said has arrived',
      () =>
        members.every(({ cluster, heard }) =>
          members.every(
            (other, speaker) => other.cluster !== cluster || markers.every((marker) => heard.has(`${marker} ${round}.${speaker}`)),
          ),
        ),
      ms,
    );
    return true;
  }
}
