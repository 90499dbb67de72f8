/** What a server finds, or makes, in its store before anybody comes. */
import { randomText } from '@hubbub/protocol/id';
import { claimKey, ownerKey, peopleChannel } from '@hubbub/protocol/people';
import type { Store } from '../store/store.ts';
import { roomFacts } from './rooms.ts';

const from = 'hubbub';
/** The same for ever: what every start sends is in the log once. */
const beginning = '0198c0de-0000-8000-8000-000000000001';
/** 128 bits, in letters that can be read out. */
const codeLetters = 26;

/** Rooms that are there from the first start on. Throws StoreError. */
export async function beginRooms(store: Pick<Store, 'append'>, rooms: readonly string[]): Promise<void> {
  const event = { id: beginning, from, kind: 'create', body: 'null', counts: false };
  await store.append(rooms.map((channel) => ({ ...event, channel, facts: roomFacts() })));
}

export interface OfferParts {
  readonly id: () => string;
  /** Not to be guessed. */
  readonly random: () => number;
  readonly digest: (text: string) => string;
}

/**
 * A code that makes whoever shows it the owner of the server, as long as nobody is: then undefined. The store keeps its digest alone, so
 * each start makes another, and the former is void. Throws StoreError.
 */
export async function offerOwnership(store: Pick<Store, 'append' | 'facts'>, parts: OfferParts): Promise<string | undefined> {
  const { facts } = await store.facts({ channel: peopleChannel, prefix: ownerKey('') }, 1_000);
  if (facts.some(({ value }) => value !== null)) return undefined;
  const code = randomText(parts.random, codeLetters);
  const claim = { key: claimKey, value: JSON.stringify(parts.digest(code)) };
  const event = { channel: peopleChannel, id: parts.id(), from, kind: 'offer', body: 'null', counts: false };
  await store.append([{ ...event, facts: [claim] }]);
  return code;
}
