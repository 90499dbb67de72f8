import { Refusal } from '@hubbub/protocol/codes';
import type { FactsCommand } from '@hubbub/protocol/frames';
import { limits } from '@hubbub/protocol/limits';
import { isChannel } from '@hubbub/protocol/names';
import { type Position, parsePosition } from '@hubbub/protocol/position';
import type { Fact, FactQuery } from '../../store/store.ts';
import type { Reader, Reading } from '../reading.ts';
import type { Raw } from './context.ts';

/**
 * Facts of a channel: by the beginning of their key, by the offset at which they were written, or by the offset that they speak of;
 * removed ones with the value null. Keys that begin with a dot are the server's own. Throws Refusal: `bad_channel`, `bad_command`, `forbidden`, `unavailable`.
 */
export async function facts(
  { reading }: { readonly reading: Reading },
  reader: Reader,
  command: Omit<FactsCommand, 'req' | 'cmd'>,
): Promise<Raw> {
  const { channel, next, limit = limits.factsPage } = command;
  if (!isChannel(channel)) throw new Refusal('bad_channel', 'this is no name of a channel');
  const place = command.after === undefined ? undefined : parsePosition(command.after);
  if (command.after !== undefined && !place) throw new Refusal('bad_position', 'a position is OFFSET~EPOCH, or 0');
  const query = queryOf(command, place);
  const page = await reading.read(reader, channel, (store) => store.facts(query, limit, next));
  if (place?.epoch !== undefined && place.epoch !== page.epoch) {
    throw new Refusal('bad_position', `this position is of another history; the present one is ${page.epoch}`);
  }
  const texts = page.facts.filter(({ key }) => !key.startsWith('.')).map(factText);
  const more = page.next === undefined ? '' : `,"next":${JSON.stringify(page.next)}`;
  return { raw: `"epoch":"${page.epoch}","facts":[${texts.join(',')}]${more}` };
}

function queryOf({ channel, prefix, about, after }: Omit<FactsCommand, 'req' | 'cmd'>, place: Position | undefined): FactQuery {
  const given = [prefix, after, about].filter((one) => one !== undefined).length;
  if (given > 1) throw new Refusal('bad_command', 'facts are asked for by prefix, after or about');
  if (place) return { channel, after: place.offset };
  if (about !== undefined) return { channel, about: [about[0] ?? 1, about[1] ?? 1] };
  return { channel, prefix: prefix ?? '' };
}

/** The value is JSON text already. */
function factText({ key, value, offset, about }: Fact): string {
  return `{"key":${JSON.stringify(key)},"value":${value},"offset":${offset}${about === undefined ? '' : `,"about":${about}`}}`;
}
