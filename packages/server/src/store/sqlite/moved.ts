/** The look: what has moved since. */
import type { DatabaseSync } from 'node:sqlite';
import type { Header } from '@hubbub/protocol/event';
import type { Moved, Pair } from '../store.ts';
import { prepare, type Statement } from './statements.ts';

interface MoveRow {
  readonly seq: number;
  readonly name: string;
  readonly head: number;
  readonly n: number;
  readonly header: string | null;
}

interface Standing {
  readonly epoch: string;
  readonly commits: number;
  readonly purged: number;
  /** The highest seq; the newest row is never purged. */
  readonly newest: number;
}

export class Moves {
  readonly #standing: Statement<Standing>;
  readonly #rows: Statement<MoveRow>;

  constructor(db: DatabaseSync) {
    this.#standing = prepare(db, 'SELECT epoch, commits, purged, coalesce((SELECT max(seq) FROM moves), purged) AS newest FROM meta');
    this.#rows = prepare(
      db,
      `SELECT seq, name, heads.head, heads.n, header FROM moves CROSS JOIN heads ON heads.channel = moves.channel
       WHERE seq > ? ORDER BY seq LIMIT ?`,
    );
  }

  /** Has to run in one transaction: `until` is the highest seq of the very snapshot that the rows come from. */
  since(since: string | undefined, limit: number): Moved {
    const standing = this.#standing.get();
    if (!standing) throw new Error('the meta row is gone');
    const { epoch, purged, newest } = standing;
    const pair: Pair = { epoch, mark: String(standing.commits) };
    const only = { ...pair, until: untilText(newest, epoch), more: false, purged: false, heads: [], concerns: [] };
    if (since === undefined) return only;
    const from = seqOf(since, epoch);
    // Beyond the newest: named by a history that has been cut off.
    if (from === undefined || from < purged || from > newest) return { ...only, purged: true };
    const rows = this.#rows.all(from, limit);
    const last = rows.at(-1)?.seq ?? newest;
    const heads = new Map<string, { channel: string; head: number; n: number }>();
    const concerns: { channel: string; header: Header }[] = [];
    for (const { name: channel, head, n, header } of rows) {
      heads.set(channel, { channel, head, n });
      if (header !== null) concerns.push({ channel, header: JSON.parse(header) as Header });
    }
    return { ...pair, until: untilText(last, epoch), more: last < newest, purged: false, heads: [...heads.values()], concerns };
  }
}

function untilText(seq: number, epoch: string): string {
  return `${seq}~${epoch}`;
}

function seqOf(since: string, epoch: string): number | undefined {
  const cut = since.indexOf('~');
  if (since.slice(cut + 1) !== epoch) return undefined;
  const seq = Number(since.slice(0, cut));
  return Number.isSafeInteger(seq) && seq >= 0 ? seq : undefined;
}
