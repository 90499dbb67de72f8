/** People who read a room on a node, for the tests of what passes there. */
import assert from 'node:assert/strict';
import { nodeStage, type Stage, type StagedNode, type StageOptions, type TestLink } from './node.fixture.ts';

export const room = 'room:a';

/** A new link that reads the room. */
export async function read(
  stage: Stage,
  user: string,
  traits: Parameters<Stage['link']>[1] = {},
  session?: string,
  node: StagedNode = stage,
): Promise<TestLink> {
  const link = await node.link(user, traits, session);
  const req = link.say('subscribe', { to: [{ channel: room }] });
  await stage.clock.settle();
  assert.ok(link.reply(req), `${user} reads`);
  return link;
}

/** A stage on which these users are members of the room, each with a link that reads it; one that is named twice has two. */
export async function readers(names: readonly string[], options: StageOptions = {}) {
  const stage = await nodeStage(options);
  for (const name of new Set(names)) stage.join(room, name);
  const links: TestLink[] = [];
  for (const name of names) links.push(await read(stage, name));
  // The look finds their joining, and has them asked about once more.
  await stage.clock.pass(600);
  return { stage, links: links as [TestLink, TestLink, ...TestLink[]] };
}

/** Gives a command; its reply. */
export async function ask(stage: Stage, link: TestLink, cmd: string, members: object): Promise<Record<string, unknown>> {
  const req = link.say(cmd, members);
  await stage.clock.settle();
  const reply = link.reply(req);
  assert.ok(reply, 'answered');
  return reply;
}

/** The code with which a command was refused. */
export function codeIn({ error }: Record<string, unknown>): unknown {
  return (error as { code?: string } | undefined)?.code;
}
