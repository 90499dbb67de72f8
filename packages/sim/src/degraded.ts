import { type ClusterMember, hears } from './member.ts';
import type { Record } from './record.ts';
import type { World } from './world.ts';

/** Own bells go once a second, and two that do not come back tell; one that does tells the opposite. */
const noticed = 4_000;
/** Longer than a node without a sign of life is taken to live. */
const long = 13_000;

/** I12 of the broker: a node whose own bells cannot come back says so, and takes it back when they can. */
export function checkDegraded(record: Record, world: World, member: ClusterMember): void {
  const { name, actor, node, loss, wayChangedAt } = member;
  const { degraded, held } = node.status();
  if (held) member.heldAt = world.now;
  const unchangedFor = world.now - Math.max(wayChangedAt, actor.stoppedUntil);
  if (actor.dead || unchangedFor < noticed) return;
  const broken = loss.mute || !hears(member);
  if (broken) {
    world.count('degraded_said');
    if (!hears(member) && unchangedFor > long) world.count('unheard_long');
    if (!degraded) record.violate('I12', `${name} has not noticed for ${Math.round(unchangedFor)} ms that its bells do not come back`);
  } else if (loss.drop === 0 && loss.late === 0) {
    if (wayChangedAt > 0) world.count('degraded_over');
    if (degraded) record.violate('I12', `${name} says degraded, ${Math.round(unchangedFor)} ms after its broker has come back`);
  }
}
