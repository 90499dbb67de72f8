/** Reading everything, to say what is wrong: one snapshot, one statement for each thing that can be. */
import { type Checked, type LongWork, StoreError } from '../store.ts';
import { type Client, end, openFirst } from './client.ts';
import { failureOf } from './errors.ts';

/** Each answers texts, one for each thing that is wrong; of one kind at most so many. */
const mostOfAKind = 50;

const questions: readonly string[] = [
  // Channels.
  `SELECT channel || ': head ' || head || ', n ' || n || ', first ' || first || ' do not go together' FROM heads
   WHERE head < 0 OR n < 0 OR n > head OR first < 1 OR first > head + 1`,
  `SELECT h.channel || ': ' || h.head || ' events, of which ' || coalesce(e.count, 0) || ' are there, up to ' || coalesce(e.highest, 0)
   FROM heads AS h LEFT JOIN (SELECT channel, count(*), max("offset") AS highest FROM events GROUP BY channel) AS e ON e.channel = h.channel
   WHERE h.head <> coalesce(e.count, 0) OR h.head <> coalesce(e.highest, 0)`,
  `SELECT h.channel || ': n or time of the head is not that of its event' FROM heads AS h
   JOIN events AS e ON e.channel = h.channel AND e."offset" = h.head WHERE e.n <> h.n OR e.ts <> h.ts`,
  `SELECT DISTINCT channel || ': there are events, and no head' FROM events AS e
   WHERE NOT EXISTS (SELECT FROM heads AS h WHERE h.channel = e.channel)`,
  // Events, each beside the one before.
  `SELECT channel || ': event ' || "offset" || ' ' || wrong FROM (
     SELECT channel, "offset", CASE
       WHEN "offset" <> lag("offset", 1, 0::bigint) OVER w + 1 THEN 'comes after a gap'
       WHEN n - lag(n, 1, 0::bigint) OVER w NOT IN (0, 1) THEN 'has an n that does not follow'
       WHEN ts < lag(ts, 1, 0::bigint) OVER w THEN 'is older than the one before it'
     END AS wrong FROM events WINDOW w AS (PARTITION BY channel ORDER BY "offset")
   ) AS seen WHERE wrong IS NOT NULL`,
  `SELECT e.channel || ': event ' || e."offset" || ' ' || wrong FROM events AS e JOIN heads AS h ON h.channel = e.channel
   CROSS JOIN LATERAL (SELECT CASE
     WHEN e."offset" < h.first AND (e.kind IS NOT NULL OR e.body IS NOT NULL) THEN 'is below first and was not trimmed'
     WHEN e."offset" < h.first AND e.emptied IS NULL AND length(e.hash) IS DISTINCT FROM 16 THEN 'was trimmed and has no hash'
     WHEN e."offset" >= h.first AND (e.kind IS NULL OR e.hash IS NOT NULL) THEN 'has lost its header'
     WHEN e."offset" >= h.first AND (e.body IS NULL) <> (e.emptied IS NOT NULL) THEN 'has lost its body, and nothing has emptied it'
     WHEN e.emptied IS NOT NULL AND (e.emptied <= e."offset" OR e.emptied > h.head) THEN 'was emptied by ' || e.emptied || ', which cannot be'
   END AS wrong) AS seen WHERE wrong IS NOT NULL`,
  // Facts.
  `SELECT e.channel || ': event ' || e."offset" || ' was emptied, and its fact does not say so' FROM events AS e
   LEFT JOIN facts AS f ON f.channel = e.channel AND f.key = 'empty:' || e."offset"
   WHERE e.emptied IS NOT NULL AND (f."offset", f.about, f.value) IS DISTINCT FROM (e.emptied, e."offset", 'true')`,
  `SELECT f.channel || ': fact ' || f.key || ' was written by event ' || f."offset" || ', which does not exist' FROM facts AS f
   WHERE NOT EXISTS (SELECT FROM events AS e WHERE e.channel = f.channel AND e."offset" = f."offset")`,
  `SELECT f.channel || ': fact ' || f.key || ' speaks of event ' || f.about || ', which does not exist' FROM facts AS f
   WHERE f.about IS NOT NULL AND NOT EXISTS (SELECT FROM events AS e WHERE e.channel = f.channel AND e."offset" = f.about)`,
  `SELECT f.channel || ': fact ' || f.key || ' is there, and the event has a body' FROM facts AS f
   WHERE f.key ~ '^empty:[1-9][0-9]*$' AND NOT EXISTS (
     SELECT FROM events AS e WHERE e.channel = f.channel AND e."offset"::text = substr(f.key, 7) AND e.emptied IS NOT NULL)`,
];

const counts = `SELECT (SELECT count(*) FROM heads WHERE head > 0) AS channels, (SELECT count(*) FROM events) AS events,
  (SELECT count(*) FROM facts) AS facts`;

const patienceMs = 5_000;
const gone = 'nobody waits for the check any more';

/** Throws StoreError. */
export async function checkDatabase(
  { url, schema }: { readonly url: string; readonly schema: string },
  report: (problem: string) => void,
  { progress, signal }: LongWork = {},
): Promise<Checked> {
  if (signal?.aborted) throw new StoreError('unavailable', gone);
  let sql: Client | undefined;
  const stop = (): void => void (sql && end(sql));
  signal?.addEventListener('abort', stop, { once: true });
  try {
    sql = await openFirst({ url, schema, patienceMs });
    if (signal?.aborted) throw new StoreError('unavailable', gone);
    return await sql.begin('ISOLATION LEVEL REPEATABLE READ READ ONLY', async (tx) => {
      for (const [at, question] of questions.entries()) {
        const wrong = await tx.unsafe<{ problem: string }[]>(`SELECT * FROM (${question}) AS wrong(problem) LIMIT ${mostOfAKind}`);
        for (const { problem } of wrong) report(problem);
        progress?.((at + 1) / (questions.length + 1));
      }
      const [found] = await tx.unsafe<{ channels: number; events: number; facts: number }[]>(counts);
      return { channels: found?.channels ?? 0, events: found?.events ?? 0, facts: found?.facts ?? 0 };
    });
  } catch (error) {
    throw failureOf(error, false);
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
  }
}
