/**
 * What runs inside the server, as SQL: one call a batch, which commits by itself, so that nothing is held while anybody waits for a
 * client. The routines carry the schema's version in their names: nodes of two versions bring each their own.
 *
 * A writing routine raises HB001 where the history has lost what the caller has seen, or goes on elsewhere than it was written (another
 * server, another timeline), HB002 where it is another history; nothing is written then. The detail says `EPOCH MARK`. All raise HB003
 * while the server does not sync what it commits: nothing can be said of any history then.
 */
import { appendRoutine } from './append.sql.ts';

/**
 * The present pair. `sound`: this is where the present history was written. In plpgsql, which remembers how it
 * is done: a function in plain SQL is parsed and planned at each call, which was a quarter of what a batch costs the server. What is
 * remembered may have been planned while `moves` was empty and go on when it is long: hence always by its key.
 */
const pair = `
  CREATE OR REPLACE FUNCTION pair_1(OUT epoch text, OUT generation integer, OUT count bigint, OUT sound boolean) LANGUAGE plpgsql STABLE SET enable_seqscan = off SET jit = off AS $$
  BEGIN
    IF current_setting('fsync') <> 'on' OR current_setting('synchronous_commit') = 'off' THEN
      RAISE EXCEPTION 'fsync is %, synchronous_commit is %', current_setting('fsync'), current_setting('synchronous_commit') USING ERRCODE = 'HB003';
    END IF;
    SELECT m.epoch, m.generation, m.trims + greatest((SELECT xid FROM moves ORDER BY xid DESC LIMIT 1), m.purged)::text::bigint,
      m.place = place_1()
    INTO epoch, generation, count, sound FROM meta AS m;
  END
  $$;
`;

/**
 * Which server, and which of its timelines: a promoted standby goes on in a new one. A session is of one server that takes writes, from its
 * start to its end, and that one does not change its timeline; so it is found out once a session (it is read from a file).
 */
const place = `
  CREATE OR REPLACE FUNCTION place_1() RETURNS text LANGUAGE plpgsql AS $$
  DECLARE
    known text := current_setting('hubbub.place', true);
  BEGIN
    IF coalesce(known, '') = '' THEN
      known := (SELECT system_identifier || '/' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8) FROM pg_control_system());
      PERFORM set_config('hubbub.place', known, false);
    END IF;
    RETURN known;
  END
  $$;
`;

/**
 * Before anything is written: throws if the caller knows another history. Appends hold a shared lock until they have committed, a new
 * epoch the exclusive one: a plain read would let appends commit after the change.
 */
const enter = `
  CREATE OR REPLACE PROCEDURE enter_1(p_epoch text, p_generation integer, p_count bigint) LANGUAGE plpgsql AS $$
  DECLARE
    present record;
  BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended(current_schema(), 0));
    SELECT * INTO present FROM pair_1();
    IF NOT present.sound OR (present.generation, present.count) < (p_generation, p_count) THEN
      RAISE EXCEPTION 'the history ends at %.%, %.% was acknowledged', present.generation, present.count, p_generation, p_count
        USING ERRCODE = 'HB001', DETAIL = present.epoch || ' ' || present.generation || '.' || present.count;
    END IF;
    IF present.epoch <> p_epoch THEN
      RAISE EXCEPTION 'the history is %, not %', present.epoch, p_epoch
        USING ERRCODE = 'HB002', DETAIL = present.epoch || ' ' || present.generation || '.' || present.count;
    END IF;
  END
  $$;
`;

/** Compare and set; of all that notice one renews. */
const renew = `
  CREATE OR REPLACE PROCEDURE renew_1(p_from text, p_generation integer, p_count bigint, p_epoch text, INOUT o_epoch text, INOUT o_mark text) LANGUAGE plpgsql AS $$
  DECLARE
    present record;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema(), 0));
    SELECT * INTO present FROM pair_1();
    IF present.epoch = p_from OR (present.generation, present.count) < (p_generation, p_count) OR NOT present.sound THEN
      UPDATE meta SET epoch = p_epoch, place = place_1(), generation = greatest(generation, p_generation) + 1;
    END IF;
    COMMIT;
    SELECT p.epoch, p.generation || '.' || p.count INTO o_epoch, o_mark FROM pair_1() AS p;
  END
  $$;
`;

/**
 * A standby of the same server was promoted that had everything: the history goes on there. Only for whoever has seen no more than it has.
 */
const adopt = `
  CREATE OR REPLACE PROCEDURE adopt_1(p_generation integer, p_count bigint, INOUT o_adopted boolean) LANGUAGE plpgsql AS $$
  DECLARE
    present record;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema(), 0));
    SELECT p.*, meta.place INTO present FROM pair_1() AS p, meta;
    o_adopted := (present.generation, present.count) >= (p_generation, p_count)
      AND split_part(present.place, '/', 1) = split_part(place_1(), '/', 1);
    IF o_adopted THEN UPDATE meta SET place = place_1() WHERE place <> place_1(); END IF;
    COMMIT;
  END
  $$;
`;

/** Drops the next events below \`p_first\`, from the lowest, and moves \`first\` with them: what is broken off is a shorter trim. */
const trim = `
  CREATE OR REPLACE PROCEDURE trim_1(
    p_epoch text, p_generation integer, p_count bigint, p_channel text, p_first bigint, p_rows integer,
    INOUT o_finished boolean, INOUT o_epoch text, INOUT o_mark text
  ) LANGUAGE plpgsql AS $$
  DECLARE
    stands record;
    target bigint;
    upto bigint;
  BEGIN
    CALL enter_1(p_epoch, p_generation, p_count);
    SELECT head, first INTO stands FROM heads WHERE channel = p_channel FOR UPDATE;
    target := coalesce(least(p_first, stands.head + 1), 0);
    upto := least(target, stands.first + p_rows);
    o_finished := coalesce(upto <= stands.first OR upto = target, true);
    IF upto > stands.first THEN
      UPDATE events SET kind = NULL, empties = NULL, concerns = NULL, body = NULL,
        hash = CASE WHEN body IS NULL THEN NULL ELSE substring(sha256(convert_to(kind || E'\\n' || body, 'UTF8')), 1, 16) END
      WHERE channel = p_channel AND "offset" >= stands.first AND "offset" < upto;
      UPDATE heads SET first = upto WHERE channel = p_channel;
      UPDATE meta SET trims = trims + 1;
    END IF;
    COMMIT;
    SELECT p.epoch, p.generation || '.' || p.count INTO o_epoch, o_mark FROM pair_1() AS p;
  END
  $$;
`;

/** Drops rows of \`moves\` older than \`p_before\` that every look has seen, the lowest first; whole transactions only. */
const purge = `
  CREATE OR REPLACE PROCEDURE purge_1(p_before bigint, p_rows integer) LANGUAGE plpgsql AS $$
  DECLARE
    upto xid8;
  BEGIN
    WITH lowest AS (
      SELECT xid, at FROM moves WHERE xid < pg_snapshot_xmin(pg_current_snapshot()) ORDER BY xid, ord LIMIT p_rows
    )
    SELECT max(xid) INTO upto FROM lowest WHERE xid < coalesce((SELECT min(xid) FROM lowest WHERE at >= p_before), '18446744073709551615');
    IF upto IS NOT NULL THEN
      DELETE FROM moves WHERE xid <= upto;
      UPDATE meta SET purged = upto WHERE purged < upto;
    END IF;
  END
  $$;
`;

export const routines = [place, pair, enter, renew, adopt, trim, purge, appendRoutine].join('\n');
