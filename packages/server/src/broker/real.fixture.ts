/** A broker on a real server, asked the whole contract. */
import { after, before, beforeEach, describe } from 'node:test';
import { FaultProxy } from '@hubbub/rig/proxy';
import { absent } from '@hubbub/rig/servers/present';
import type { RealServer } from '@hubbub/rig/servers/server';
import { type DataServer, startServer } from '@hubbub/rig/servers/start';
import type { OpenBroker } from './broker.ts';
import type { BrokerFactory, Lacks } from './contract/rule.contract.ts';
import { Settling } from './contract/settling.fixture.ts';
import { brokerContract } from './contract.ts';
import type { RemoteOptions } from './remote/options.ts';

interface RealBroker {
  readonly server: DataServer;
  readonly broker: (options: RemoteOptions) => OpenBroker;
  readonly envelopeBytes: number;
  readonly lacks?: Lacks;
}

/** Registers the contract's rules for a broker, on one server for all of them. */
export function realBrokerContract({ server: name, broker, envelopeBytes, lacks = {} }: RealBroker): void {
  describe(name, { skip: absent(name) }, () => {
    let server: RealServer;
    let proxy: FaultProxy;
    before(async () => {
      server = await startServer(name);
      proxy = await FaultProxy.open(server.port);
    });
    after(async () => {
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    });
    beforeEach(async () => {
      if (server.pid === 0) await server.start();
    });

    const factory = (): BrokerFactory => {
      const settling = new Settling();
      const { url, port } = server;
      return {
        settled: () => settling.settled(),
        open: (sinks) => settling.join(broker({ url }), sinks),
        apart: { open: (sinks) => settling.join(broker({ url, prefix: 'other' }), sinks, 'other') },
        bound: { bytes: envelopeBytes },
        server,
        way: {
          open: (sinks) => settling.join(broker({ url: url.replace(`:${port}`, `:${proxy.port}`) }), sinks),
          lose: () => proxy.set({ up: 'lose', down: 'lose' }),
          restore: () => proxy.set({ up: 'pass', down: 'pass' }),
          cut: () => void proxy.reset(),
        },
      };
    };
    brokerContract(name, factory, lacks);
  });
}
