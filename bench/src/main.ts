/** The bench: what it costs Hubbub to do its work, beside peers that do less, in one run. */
import { append } from './append.ts';
import { appendPostgres } from './append-postgres.ts';
import { cluster, clusterPeers } from './cluster.ts';
import { type Peer, peerNames } from './dialects.ts';
import { fanout } from './fanout.ts';
import { idle, idlePeers } from './idle.ts';
import { isolation } from './isolation.ts';
import { type Findings, table } from './report.ts';
import { slow } from './slow.ts';
import { storm, stormPeers } from './storm.ts';

export const scenarios = ['fanout', 'append', 'append-postgres', 'slow', 'isolation', 'idle', 'storm', 'cluster'] as const;

export type Scenario = (typeof scenarios)[number];

/** Beside whom each can be run: what the others ask of ours, no peer can do. */
export const peersOf: Readonly<Record<Scenario, readonly Peer[]>> = {
  ...{ fanout: peerNames, append: [], 'append-postgres': [], slow: [], isolation: [] },
  ...{ idle: idlePeers, storm: stormPeers, cluster: clusterPeers },
};

export interface BenchOptions {
  readonly scenario: Scenario;
  /** Of those that `peersOf` names. */
  readonly peers: readonly Peer[];
  /** How long one run lasts; left out, the scenario's own length. */
  readonly seconds: number | undefined;
  readonly say: (text: string) => void;
}

/** Runs one scenario. What it starts has ended, and its folders are gone, when it resolves, rejects or is broken off. */
export async function bench({ scenario, peers, seconds, say }: BenchOptions): Promise<Findings> {
  // A signal would end the process without its last handlers, which are what cleans up.
  const stop = (): void => process.exit(130);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    switch (scenario) {
      case 'fanout':
        return await fanout({ peers, seconds: seconds ?? 4, say });
      case 'append':
        return await append({ seconds: seconds ?? 4, say });
      case 'append-postgres':
        return await appendPostgres({ seconds: seconds ?? 4, say });
      case 'isolation':
        return await isolation({ seconds: seconds ?? 4, say });
      case 'slow':
        return await slow({ seconds: seconds ?? 100, say });
      case 'idle':
        return await idle({ peers: among(idlePeers, peers), seconds: seconds ?? 11, say });
      case 'storm':
        return await storm({ peers: among(stormPeers, peers), seconds: seconds ?? 5, say });
      case 'cluster':
        return await cluster({ peers: among(clusterPeers, peers), seconds: seconds ?? 6, say });
    }
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

function among<Name extends Peer>(names: readonly Name[], peers: readonly Peer[]): Name[] {
  return names.filter((name) => peers.includes(name));
}

export { type Findings, table };
