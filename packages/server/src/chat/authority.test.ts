import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Proposal, Verdict } from '../core/authority.ts';
import type { Who } from '../core/identity.ts';
import { openRooms } from './authority.ts';

describe('authority of open rooms', () => {
  const authority = openRooms();
  const ann: Who = { user: 'ann.abcde', rights: [] };
  const admin: Who = { user: 'admin', rights: ['import', 'admin'] };
  const proposal = (more: Partial<Proposal> = {}): Proposal => ({ id: '', kind: 'message', body: { text: 'hello' }, ...more });
  const admit = (who: Who, channel: string, more?: Partial<Proposal>): Promise<Verdict> => authority.admit(who, channel, proposal(more));

  it('lets whoever is signed in read and send in rooms, and nobody anywhere else, with one and the same answer', async () => {
    const elsewhere = ['user:ann.abcde', 'user:admin', 'sys:keys', 'dm:x', 'board:x', 'rooms:x'];
    for (const who of [ann, admin]) {
      const questions = ['room:general', ...elsewhere].map((channel) => ({ who, channel }));
      assert.deepEqual(await authority.mayRead(questions), ['ok', ...elsewhere.map(() => 'forbidden')]);
      assert.equal((await admit(who, 'room:general')).ok, true);
      const answers = await Promise.all(elsewhere.map((channel) => admit(who, channel)));
      for (const answer of answers) assert.deepEqual(answer, answers[0]);
      assert.equal(!answers[0]?.ok && answers[0]?.code, 'forbidden');
    }
  });

  it('counts what people say, not what is remarked about it', async () => {
    const counts = async (kind: string): Promise<boolean> => {
      const verdict = await admit(ann, 'room:general', { kind });
      assert.ok(verdict.ok);
      return verdict.counts;
    };
    assert.deepEqual(await Promise.all(['message', 'action', 'note', 'stroke'].map(counts)), [true, true, false, false]);
  });

  it('P31: lets importers alone say from whom and when', async () => {
    const as = { from: 'bob', ts: 1 };
    assert.equal((await admit(admin, 'room:general', { as })).ok, true);
    const refused = await admit(ann, 'room:general', { as });
    assert.equal(!refused.ok && refused.code, 'forbidden');
    assert.equal((await admit(ann, 'room:general', { as: { from: ann.user } })).ok, false);
  });

  it('names the facts that say which rooms are mine', () => assert.equal(authority.mine(ann), 'member:ann.abcde'));
});
