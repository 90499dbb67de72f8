/** What a rule of the store's contract is, and what a store brings to be asked it. */
import assert from 'node:assert/strict';
import { type Item, type Store, StoreError } from '../store.ts';

/** What only some databases can be made to do. */
export interface Abilities {
  /** Another handle of the same database. */
  another(): Promise<Store>;
  /** Closes all handles and opens the database again. */
  reopen(): Promise<Store>;
  /** Remembers the present state; what it returns puts it back, as a copy of a disk would. */
  snapshot(): Promise<() => Promise<void>>;
  /** Time goes by: all moves so far may be forgotten with the appends that come next. */
  age(): Promise<void>;
  /** What the item has to become so that nothing can store it. */
  poison(item: Item): Item;
  /** A mark that comes after this one. */
  later(mark: string): string;
}

export type Ability = keyof Abilities;

/** A database of its own for one rule. `close` ends all its handles and takes it away. */
export interface Database extends Partial<Abilities> {
  readonly store: Store;
  close(): Promise<void>;
}

export interface Factory {
  /** Opens a fresh database. */
  open(): Promise<Database>;
  /** Why its databases cannot do what they cannot. */
  readonly lacks: Readonly<Partial<Record<Ability, string>>>;
}

export interface Rule {
  readonly id: string;
  readonly title: string;
  readonly needs: readonly Ability[];
  /** Rejects when a fresh database of this factory breaks the rule. */
  run(factory: Factory): Promise<void>;
}

/** A database as a rule sees it: what the rule needs is there. */
export interface Ground extends Abilities {
  readonly store: Store;
}

/** Makes a rule: each runs on a database of its own, whose own check must have nothing to say afterwards. */
export function rule(id: string, title: string, needs: readonly Ability[], body: (ground: Ground) => Promise<void>): Rule {
  return {
    id,
    title,
    needs,
    run: async (factory) => {
      const database = await factory.open();
      try {
        await body({ ...nothing, ...database });
        await checkQuietly(database.store);
      } finally {
        await database.close();
      }
    },
  };
}

/** Whatever a rule has done, the store finds nothing wrong with it. A handle that the rule has closed or left behind cannot say. */
async function checkQuietly({ powers }: Store): Promise<void> {
  const problems: string[] = [];
  await powers.checkable
    ?.check((problem) => problems.push(problem))
    .catch((error: unknown) => {
      if (!(error instanceof StoreError)) throw error;
    });
  assert.deepEqual(problems, []);
}

/** Why the store is not asked this rule; undefined: it is. */
export function leftOut({ needs }: Rule, { lacks }: Factory): string | undefined {
  const missing = needs.flatMap((need) => lacks[need] ?? []);
  return missing.length > 0 ? missing.join('; ') : undefined;
}

const missing = (ability: Ability) => (): never =>
  assert.fail(`${ability}: the database cannot do it and its factory does not say why, or the rule does not say that it needs it`);

const nothing: Abilities = {
  another: missing('another'),
  reopen: missing('reopen'),
  snapshot: missing('snapshot'),
  age: missing('age'),
  poison: missing('poison'),
  later: missing('later'),
};
