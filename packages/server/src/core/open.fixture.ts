import type { NodeParts } from './node.ts';

/** Everybody is who he says he is, and may do everything. */
export const openToAll: Pick<NodeParts, 'authority' | 'identity' | 'build'> = {
  authority: {
    mayRead: async (questions) => questions.map(() => 'ok'),
    listed: 'public',
    mine: ({ user }) => `member:${user}`,
    admit: async () => ({ ok: true, counts: true }),
  },
  identity: { identify: async (shown) => shown.map((one) => ({ who: { user: 'name' in one ? one.name : '', rights: [] } })) },
  build: 'test',
};
