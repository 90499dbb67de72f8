import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { claimKey, ownerKey, peopleChannel, revokedKey } from '@hubbub/protocol/people';
import type { Proposal, Verdict } from '../core/authority.ts';
import type { Who } from '../core/identity.ts';
import { createMemoryData } from '../store/memory/data.ts';
import { openMemory } from '../store/memory/memory.ts';
import type { Outcome } from '../store/store.ts';
import { chatAuthority } from './authority.ts';
import { beginRooms, offerOwnership } from './begin.ts';

const ann: Who = { user: 'ann.abcde', rights: [] };
const ben: Who = { user: 'ben.abcde', rights: [] };
const admin: Who = { user: 'admin', rights: ['import', 'admin'] };
const service: Who = { user: 'service', rights: ['as'] };

/** An authority over a store, and what a send comes to: what core does with a verdict, without what may be in its way. */
function stage() {
  const data = createMemoryData({ now: () => 1, random: Math.random });
  const store = openMemory(data);
  const digest = (text: string): string => `digest of ${text}`;
  const at = { calendar: 77_000 };
  const authority = chatAuthority({ store, calendar: () => at.calendar, digest });
  const propose = (who: Who, channel: string, kind: string, body: unknown, more: Partial<Proposal> = {}): Promise<Verdict> =>
    authority.admit(who, channel, { id: crypto.randomUUID(), kind, body, ...more });
  const append = async (who: Who, channel: string, kind: string, verdict: Verdict): Promise<Outcome | Verdict> => {
    if (!verdict.ok) return verdict;
    const { ok: _, ...grant } = verdict;
    const item = { channel, id: crypto.randomUUID(), from: who.user, kind, body: 'null', ...grant };
    return (await store.append([item])).outcomes[0] ?? verdict;
  };
  /** `ok`, or the code. */
  const send = async (who: Who, channel: string, kind: string, body: unknown = null, more: Partial<Proposal> = {}): Promise<string> => {
    let outcome = await append(who, channel, kind, await propose(who, channel, kind, body, more));
    if ('status' in outcome && outcome.status === 'rejected') {
      outcome = await append(who, channel, kind, await propose(who, channel, kind, body, { ...more, again: true }));
    }
    if (!('status' in outcome)) return outcome.ok ? 'ok' : outcome.code;
    return outcome.status === 'rejected' ? outcome.code : 'ok';
  };
  const mayRead = async (who: Who, ...channels: string[]) => authority.mayRead(channels.map((channel) => ({ who, channel })));
  const fact = async (channel: string, key: string): Promise<string | null> => {
    const { facts } = await store.facts({ pairs: [{ channel, key }] }, 1);
    return facts[0]?.value ?? null;
  };
  return { store, authority, propose, send, mayRead, fact, digest, at };
}

describe('public rooms', () => {
  it('are there once somebody has made them, for whoever is signed in; all else there is not, with one and the same answer', async () => {
    const { send, mayRead, propose } = stage();
    const elsewhere = ['room:new', 'user:ben.abcde', 'user:admin', 'sys:keys', 'sys:people', 'dm:x', 'rooms:x'];
    assert.deepEqual(
      await mayRead(ann, ...elsewhere),
      elsewhere.map(() => 'forbidden'),
    );
    const answers = await Promise.all(elsewhere.map((channel) => propose(ann, channel, 'message', 'hello', { again: true })));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    assert.equal(await send(ann, 'room:new', 'message'), 'forbidden');
    assert.equal(await send(ann, 'room:new', 'join'), 'forbidden');
    assert.equal(await send(ann, 'room:new', 'topic', { text: 'x' }), 'forbidden');

    assert.equal(await send(ann, 'room:new', 'create'), 'ok');
    assert.deepEqual(await mayRead(ben, 'room:new', 'room:other', 'user:ben.abcde'), ['ok', 'forbidden', 'ok']);
    assert.equal(await send(ben, 'room:new', 'message'), 'ok');
  });

  it('begin with a topic and their maker in them, and cannot be made twice', async () => {
    const { send, fact, propose } = stage();
    assert.equal(await send(ann, 'board:sketch', 'create', { topic: 'Cats' }), 'ok');
    assert.equal(await fact('board:sketch', 'topic'), '"Cats"');
    assert.equal(await fact('board:sketch', 'member:ann.abcde'), '{}');
    assert.equal(await send(ben, 'board:sketch', 'create'), 'forbidden');
    const [first, second] = await Promise.all([propose(ann, 'room:x', 'create', null), propose(ben, 'room:x', 'create', null)]);
    // Both were told yes: the facts that they require let one in.
    assert.ok(first.ok && second.ok);
    assert.deepEqual(first.requires, [{ key: 'public', value: null }]);
    for (const body of [{ topic: 7 }, { topic: 'x'.repeat(257) }, { other: 'x' }, { topic: 'x', more: 1 }, [], 'x']) {
      assert.equal(await send(ann, 'room:y', 'create', body), 'bad_body', JSON.stringify(body));
    }
  });

  it('are joined and left, once each, which is what concerns whoever does', async () => {
    const { send, fact, propose } = stage();
    await send(ann, 'room:x', 'create');
    const verdict = await propose(ben, 'room:x', 'join', null);
    assert.ok(verdict.ok);
    assert.deepEqual(verdict.concerns, ['ben.abcde']);
    assert.equal(await send(ben, 'room:x', 'leave'), 'forbidden');
    assert.equal(await send(ben, 'room:x', 'join'), 'ok');
    assert.equal(await send(ben, 'room:x', 'join'), 'forbidden');
    assert.equal(await fact('room:x', 'member:ben.abcde'), '{}');
    assert.equal(await send(ben, 'room:x', 'leave'), 'ok');
    assert.equal(await fact('room:x', 'member:ben.abcde'), null);
    assert.equal(await send(ben, 'room:x', 'join'), 'ok');
  });

  it('say what they are about, by a member', async () => {
    const { send, fact } = stage();
    await send(ann, 'room:x', 'create');
    assert.equal(await send(ben, 'room:x', 'topic', { text: 'mine now' }), 'forbidden');
    assert.equal(await send(ann, 'room:x', 'topic', { text: 'Ships' }), 'ok');
    assert.equal(await fact('room:x', 'topic'), '"Ships"');
    assert.equal(await send(ann, 'room:x', 'topic', { text: '' }), 'ok');
    assert.equal(await fact('room:x', 'topic'), null);
    assert.equal(await send(ann, 'room:x', 'topic', {}), 'bad_body');
  });

  it('count what people say, not what is remarked about it', async () => {
    const { propose } = stage();
    const counts = async (kind: string): Promise<boolean> => {
      const verdict = await propose(ann, 'room:x', kind, null);
      assert.ok(verdict.ok);
      return verdict.counts;
    };
    assert.deepEqual(await Promise.all(['message', 'action', 'note', 'stroke'].map(counts)), [true, true, false, false]);
  });

  it('P31: let importers alone say from whom and when, the service from whom; what is imported brings its room along', async () => {
    const { send, fact, mayRead } = stage();
    assert.equal(await send(service, 'room:old', 'message', 'x', { as: { from: 'bob' } }), 'forbidden');
    assert.equal(await fact('room:old', 'public'), null);
    assert.equal(await send(admin, 'room:old', 'message', 'x', { as: { from: 'bob', ts: 1 } }), 'ok');
    assert.deepEqual(await mayRead(ann, 'room:old'), ['ok']);
    assert.equal(await send(service, 'room:old', 'message', 'x', { as: { from: 'bob' } }), 'ok');
    assert.equal(await send(service, 'room:old', 'message', 'x', { as: { from: 'bob', ts: 1 } }), 'forbidden');
    assert.equal(await send(service, 'room:old', 'join', null, { as: { from: 'bob' } }), 'ok');
    assert.deepEqual([await fact('room:old', 'member:bob'), await fact('room:old', 'member:service')], ['{}', null]);
    assert.equal(await send(ann, 'room:old', 'message', 'x', { as: { from: 'bob', ts: 1 } }), 'forbidden');
    assert.equal(await send(ann, 'room:old', 'message', 'x', { as: { from: ann.user } }), 'forbidden');
  });

  it('ask the store nothing for what is said in a room that there is', async () => {
    const authority = chatAuthority({ store: { facts: () => Promise.reject(new Error('asked')) }, calendar: () => 0, digest: String });
    const verdict = await authority.admit(ann, 'room:x', { id: '', kind: 'message', body: 'hello' });
    assert.deepEqual(verdict, { ok: true, counts: true, requires: [{ key: 'public', value: 'true' }] });
  });

  it('are there from the first start on, where the server begins them', async () => {
    const { store, mayRead } = stage();
    await beginRooms(store, ['room:general']);
    await beginRooms(store, ['room:general']);
    assert.deepEqual(await mayRead(ann, 'room:general'), ['ok']);
    assert.equal((await store.heads(['room:general'])).heads[0]?.head, 1);
  });

  it('name the facts that say which are mine, and which are for all', () => {
    const { authority } = stage();
    assert.equal(authority.mine(ann), 'member:ann.abcde');
    assert.equal(authority.listed, 'public');
  });
});

describe('grants', () => {
  const granted: Who = {
    ...{ user: 'app', rights: [] },
    grants: [
      { channel: 'board:*', may: ['read', 'send'] },
      { channel: 'job:7', may: ['read'] },
      { channel: 'sys:*', may: ['read', 'send'] },
      { channel: 'user:*', may: ['read', 'send'] },
    ],
  };

  it('let a token read and send where it says, and nowhere else', async () => {
    const { mayRead, send } = stage();
    const channels = ['board:x', 'board:', 'job:7', 'job:77', 'boards:x', 'sys:keys', 'user:ben.abcde', 'user:app'];
    assert.deepEqual(await mayRead(granted, ...channels), ['ok', 'ok', 'ok', 'forbidden', 'forbidden', 'forbidden', 'forbidden', 'ok']);
    const sent = await Promise.all(['board:x', 'job:7', 'sys:keys', 'user:ben.abcde'].map((channel) => send(granted, channel, 'message')));
    assert.deepEqual(sent, ['ok', 'forbidden', 'forbidden', 'forbidden']);
  });

  it('go by the rules of a room all the same, where they are of one', async () => {
    const { send, fact } = stage();
    assert.equal(await send(granted, 'board:x', 'join'), 'forbidden');
    assert.equal(await send(granted, 'board:x', 'create', { topic: 'Cats' }), 'ok');
    assert.equal(await fact('board:x', 'member:app'), '{}');
    assert.equal(await send(granted, 'board:x', 'create'), 'forbidden');
    assert.equal(await send(ben, 'board:x', 'topic', { text: 'Dogs' }), 'forbidden');
    assert.equal(await send(granted, 'board:x', 'topic', { text: 'Dogs' }), 'ok');
    assert.equal(await fact('board:x', 'topic'), '"Dogs"');
  });
});

describe('people', () => {
  it('revoke their own tokens, and an administrator anybody’s', async () => {
    const { send, fact, propose, at } = stage();
    assert.equal(await send(ben, 'user:ann.abcde', 'revoke'), 'forbidden');
    assert.equal(await send(service, 'user:ann.abcde', 'revoke'), 'forbidden');
    assert.equal(await send(ann, 'user:ann.abcde', 'message'), 'forbidden');
    const verdict = await propose(ann, 'user:ann.abcde', 'revoke', null);
    assert.ok(verdict.ok);
    assert.deepEqual(verdict.concerns, ['ann.abcde']);
    assert.equal(await send(admin, 'user:ann.abcde', 'revoke'), 'ok');
    assert.equal(await fact('user:ann.abcde', revokedKey), '{"at":77000}');
    // By a node whose calendar is behind: what was void stays so.
    at.calendar = 60_000;
    assert.equal(await send(ann, 'user:ann.abcde', 'revoke'), 'ok');
    assert.equal(await fact('user:ann.abcde', revokedKey), '{"at":77000}');
  });

  it('become the owner by the code that the server has printed last, one of them, once', async () => {
    const { store, send, fact, digest } = stage();
    const offer = { id: () => crypto.randomUUID(), random: Math.random, digest };
    const first = await offerOwnership(store, offer);
    const code = await offerOwnership(store, offer);
    assert.ok(first !== undefined && code !== undefined && code.length === 26 && first !== code);
    assert.notEqual(await fact(peopleChannel, claimKey), JSON.stringify(code));
    for (const body of [null, {}, { code: first }, { code: '' }, { code: 7 }, { code: digest(code) }]) {
      assert.equal(await send(ann, peopleChannel, 'claim', body), 'forbidden', JSON.stringify(body));
    }
    const claims = await Promise.all([send(ann, peopleChannel, 'claim', { code }), send(ben, peopleChannel, 'claim', { code })]);
    assert.deepEqual(claims.sort(), ['forbidden', 'ok']);
    const owners = await Promise.all([ann, ben].map(({ user }) => fact(peopleChannel, ownerKey(user))));
    assert.equal(owners.filter((owner) => owner === 'true').length, 1);
    assert.equal(await offerOwnership(store, offer), undefined);
  });
});
