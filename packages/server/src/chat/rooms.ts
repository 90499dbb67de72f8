/**
 * Public rooms, and boards, which are rooms to draw in: whoever is signed in finds them, reads them and says something there. What is so
 * of a room is facts of its channel, changed by events of it:
 *
 * - `create {topic?}`: there is such a room from now on (`public`), with this topic; whoever made it is a member.
 * - `join`, `leave`: it is one of mine (`member:NAME`), or is no more. The inbox follows.
 * - `topic {text}`: by a member.
 * - `message`, `action` count; any other kind does not, and is the page's business.
 */
import type { Proposal, ReadVerdict, Verdict, Who } from '../core/authority.ts';
import type { FactWrite, Requirement, Store } from '../store/store.ts';

/** Kinds that people say something with. All others are about the conversation, not part of it: unread badges do not count them. */
export const counted: ReadonlySet<string> = new Set(['message', 'action']);
/** In every room that there is. The value says nothing, so it can be required without a look. */
const publicKey = 'public';
const there: Requirement = { key: publicKey, value: 'true' };
const longestTopic = 256;
const mostPairs = 1_000;

export type RoomStore = Pick<Store, 'facts'>;

/** Whose word it is: of a service that speaks for somebody, his. `granted`: his token lets him send here though there be no such room. */
export interface Speaker extends Pick<Who, 'user' | 'rights'> {
  readonly granted: boolean;
}

export const roomKeys = { listed: publicKey, member: (user: string): string => `member:${user}`, topic: 'topic' } as const;

/** Which of these rooms there are; answers in order. Throws StoreError. */
export async function mayRead(store: RoomStore, rooms: readonly string[]): Promise<readonly ReadVerdict[]> {
  const found = new Set<string>();
  const asked = [...new Set(rooms)];
  for (let at = 0; at < asked.length; at += mostPairs) {
    const pairs = asked.slice(at, at + mostPairs).map((channel) => ({ channel, key: publicKey }));
    const { facts } = await store.facts({ pairs }, mostPairs);
    for (const { channel, value } of facts) if (value !== null) found.add(channel);
  }
  return rooms.map((channel) => (found.has(channel) ? 'ok' : 'forbidden'));
}

/** What a send in a room does. Throws StoreError. */
export async function admit(store: RoomStore, who: Speaker, room: string, proposal: Proposal): Promise<Verdict> {
  switch (proposal.kind) {
    case 'create':
      return create(store, who, room, proposal);
    case 'join':
      return changeMember(store, who, room, { joins: true });
    case 'leave':
      return changeMember(store, who, room, { joins: false });
    case 'topic':
      return topic(store, who, room, proposal);
    default:
      return say(store, who, room, proposal);
  }
}

/** What the first start of a server makes, and every other finds. */
export function roomFacts(topicText?: string): readonly FactWrite[] {
  const topic = topicText === undefined ? [] : [{ key: roomKeys.topic, value: JSON.stringify(topicText) }];
  return [{ key: publicKey, value: there.value }, ...topic];
}

/** The common case asks the store nothing: that there is the room is looked at in the commit. */
async function say(store: RoomStore, { rights, granted }: Speaker, room: string, { kind, again }: Proposal): Promise<Verdict> {
  const counts = counted.has(kind);
  if (again !== true) return { ok: true, counts, requires: [there] };
  const [present] = await values(store, room, [publicKey]);
  if (present !== null) return { ok: true, counts, requires: [there] };
  if (granted) return { ok: true, counts };
  if (!rights.includes('import')) return nothingThere;
  // What is brought in from elsewhere brings its room along: no line of it is anything but what was said.
  return { ok: true, counts, facts: roomFacts(), requires: [{ key: publicKey, value: null }] };
}

async function create(store: RoomStore, { user }: Speaker, room: string, { body }: Proposal): Promise<Verdict> {
  const text = textOf(body, 'topic');
  if (text === false) return badBody('create brings {"topic"}, a text of at most 256 characters, or nothing');
  const [present] = await values(store, room, [publicKey]);
  if (present !== null) return { ok: false, code: 'forbidden', text: 'there is such a room already' };
  const facts = [...roomFacts(text === '' ? undefined : text), { key: roomKeys.member(user), value: '{}' }];
  return { ok: true, counts: false, facts, requires: [{ key: publicKey, value: null }], concerns: [user] };
}

async function changeMember(store: RoomStore, { user }: Speaker, room: string, { joins }: { joins: boolean }): Promise<Verdict> {
  const key = roomKeys.member(user);
  const [present, member] = await values(store, room, [publicKey, key]);
  if (present === null) return nothingThere;
  if (joins === (member !== null)) {
    return { ok: false, code: 'forbidden', text: joins ? 'you are a member already' : 'you are no member' };
  }
  const facts = [{ key, value: joins ? '{}' : null }];
  return { ok: true, counts: false, facts, requires: [there, { key, value: member ?? null }], concerns: [user] };
}

async function topic(store: RoomStore, { user }: Speaker, room: string, { body }: Proposal): Promise<Verdict> {
  const text = textOf(body, 'text');
  if (text === false || text === undefined) return badBody('topic brings {"text"}, of at most 256 characters; "" takes it away');
  const key = roomKeys.member(user);
  const [present, member] = await values(store, room, [publicKey, key]);
  if (present === null) return nothingThere;
  if (member === null || member === undefined) return { ok: false, code: 'forbidden', text: 'only members say what a room is about' };
  const facts = [{ key: roomKeys.topic, value: text === '' ? null : JSON.stringify(text) }];
  return { ok: true, counts: false, facts, requires: [{ key, value: member }] };
}

/** The texts of these facts, in order; null where there is none. */
async function values(store: RoomStore, channel: string, keys: readonly string[]): Promise<readonly (string | null)[]> {
  const { facts } = await store.facts({ pairs: keys.map((key) => ({ channel, key })) }, keys.length);
  return keys.map((wanted) => facts.find(({ key }) => key === wanted)?.value ?? null);
}

/** A member of a body that holds nothing else; undefined: it is not there; false: the body is something else. */
function textOf(body: unknown, name: string): string | undefined | false {
  if (body === null) return undefined;
  if (typeof body !== 'object' || Array.isArray(body)) return false;
  const entries = Object.entries(body);
  if (entries.length === 0) return undefined;
  const [[key, value] = ['', '']] = entries;
  return entries.length === 1 && key === name && typeof value === 'string' && value.length <= longestTopic ? value : false;
}

const badBody = (text: string): Verdict => ({ ok: false, code: 'bad_body', text });

/** One answer, whether there is no such channel or it is not yours. */
export const nothingThere: Verdict = { ok: false, code: 'forbidden', text: 'there is no such channel, or it is not yours to send to' };
