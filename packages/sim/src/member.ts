import type { Loss } from '@hubbub/server/broker/lossy';
import type { HubbubNode } from '@hubbub/server/core/node';
import type { BrokerConnection } from './broker.ts';
import type { Door } from './link.ts';
import type { Way } from './store.ts';
import type { Actor } from './world.ts';

/** A node of the cluster, with all that can befall it. */
export interface ClusterMember {
  readonly name: string;
  readonly actor: Actor;
  readonly node: HubbubNode;
  readonly door: Door;
  readonly loss: Loss;
  readonly storeWay: Way;
  readonly broker: BrokerConnection;
  /** Since when its way over the broker has been as it is. */
  wayChangedAt: number;
  /** When it was last seen to hold. */
  heldAt: number;
}

/** Whether anything of what others say over the broker reaches a member. */
export function hears({ loss, broker }: ClusterMember): boolean {
  return broker.connected && !loss.deaf;
}
