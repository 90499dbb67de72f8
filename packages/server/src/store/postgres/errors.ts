/** What went wrong at the server, or on the way there, in the words of the contract. */
import { type Pair, type StoreCode, StoreError } from '../store.ts';

/**
 * Why a database cannot be used.
 *
 * - `unreachable`: nobody answers, or nobody who lets us in.
 * - `unsafe`: it does not sync what it has committed, or does not take writes.
 * - `newer`: a later version made the tables, by more than one.
 * - `foreign`: the schema holds tables that are not ours.
 */
export type PostgresOpenCode = 'unreachable' | 'unsafe' | 'newer' | 'foreign';

export class PostgresOpenError extends Error {
  readonly code: PostgresOpenCode;

  constructor(code: PostgresOpenCode, text: string) {
    super(text);
    this.name = 'PostgresOpenError';
    this.code = code;
  }
}

/** What a call is refused with when the caller knows another history. */
export class OtherHistory extends StoreError {
  readonly pair: Pair;

  constructor(code: 'new_epoch' | 'rolled_back', text: string, pair: Pair) {
    super(code, text);
    this.pair = pair;
  }
}

/** Codes that the driver and the network give when nothing has been sent. */
const neverSent: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOENT'],
  ...['CONNECT_TIMEOUT', 'CONNECTION_ENDED', 'UNSAFE_TRANSACTION'],
]);
/**
 * SQLSTATEs (or their classes) that say that nothing was written: connecting, signing in, resources, another's lock, a server that only
 * reads or has not begun (PostgreSQL manual, appendix A).
 */
const refused = /^(08001|08004|28|3D|40|53|55P03|57P03|25006|HB003)/;
/** Of the data itself: some item cannot be stored. */
const ofTheData = /^(22|23|54)/;

/** The SQLSTATE or the network's code; undefined for what has none. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Names an error; `writing`: the call may have committed something. */
export function failureOf(error: unknown, writing: boolean): StoreError {
  if (error instanceof StoreError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const code = codeOf(error) ?? '';
  if (code === 'HB001' || code === 'HB002') {
    const [epoch = '', mark = ''] = (error as { detail?: string }).detail?.split(' ') ?? [];
    return new OtherHistory(code === 'HB001' ? 'rolled_back' : 'new_epoch', text, { epoch, mark });
  }
  return new StoreError(storeCode(code, writing), text);
}

function storeCode(code: string, writing: boolean): StoreCode {
  if (!writing || neverSent.has(code) || refused.test(code)) return 'unavailable';
  return ofTheData.test(code) ? 'poison' : 'unknown';
}
