/**
 * Appending, inside the server. The caller has numbered everything: channels (sorted), the items' channels, which earlier item of the
 * batch has the same id (`i_twin`), which earlier write of the batch wrote a fact that is required (`r_write`), texts that are compared
 * (`…_value`, equal numbers being equal texts). So the loop over the items reads numbers only: an element of an array of texts costs what
 * lies before it. All that touches tables is done for the whole batch at once, in statements whose snapshots come after the locks.
 *
 * What becomes of an item (`status`): 1 committed, 2 duplicate, 3 absent, 4 rejected(requires), 5 rejected(skipped),
 * 6 rejected(id_conflict), 7 rejected(bad_empties), 8 passed.
 */
export const appendRoutine = `
  CREATE OR REPLACE PROCEDURE append_1(
    p_epoch text, p_generation integer, p_count bigint, p_patient boolean,
    c_name text[], c_makes boolean[],
    i_channel integer[], i_id uuid[], i_from text[], i_kind text[], i_body text[], i_ts bigint[], i_counts boolean[],
    i_empties text[], i_concerns text[], i_rest text[], i_probe boolean[], i_follows boolean[], i_twin integer[], i_value integer[],
    q_channel integer[], q_key text[], q_texts text[],
    r_from integer[], r_look integer[], r_write integer[], r_value integer[],
    f_item integer[], f_key text[], f_value text[], f_number integer[], f_about bigint[], f_write integer[],
    e_from integer[], e_item integer[], e_offset bigint[],
    INOUT o_status text, INOUT o_offsets text, INOUT o_ns text, INOUT o_times text, INOUT o_epoch text, INOUT o_mark text
  ) LANGUAGE plpgsql AS $$
  DECLARE
    items CONSTANT integer := cardinality(i_channel);
    now_ms CONSTANT bigint := floor(extract(epoch FROM clock_timestamp()) * 1000);
    -- Of each channel: 0 never written to, 1 locked, 2 somebody else has it.
    c_state integer[] := array_fill(0, ARRAY[cardinality(c_name)]);
    c_head bigint[] := array_fill(0::bigint, ARRAY[cardinality(c_name)]);
    c_n bigint[] := c_head;
    c_first bigint[] := array_fill(1::bigint, ARRAY[cardinality(c_name)]);
    c_ts bigint[] := c_head;
    c_last integer[] := array_fill(0, ARRAY[cardinality(c_name)]);
    c_moved boolean[] := array_fill(false, ARRAY[cardinality(c_name)]);
    -- Of each item.
    st integer[] := array_fill(0, ARRAY[items]);
    at_offset bigint[] := array_fill(0::bigint, ARRAY[items]);
    at_n bigint[] := at_offset;
    at_ts bigint[] := at_offset;
    same boolean[] := array_fill(false, ARRAY[items]);
    -- The numbers of the texts that required facts have: -1 none, 0 another one than anybody asks for.
    present integer[] := array_fill(-1, ARRAY[greatest(cardinality(q_channel), 1)]);
    c integer;
    i integer;
    j integer;
    w integer;
    number integer;
    found record;
    mark bigint;
  BEGIN
    CALL enter_1(p_epoch, p_generation, p_count);

    -- New rows first, in the order of the names, then the locks in the same order: two batches never wait for each other in a circle.
    INSERT INTO heads AS h (channel, head, n, first, ts)
    SELECT name, 0, 0, 1, 0 FROM unnest(c_name, c_makes) AS k(name, makes)
    -- (In this order: the lock would be tried of every channel that is there.)
    WHERE makes AND CASE
        WHEN EXISTS (SELECT FROM heads WHERE channel = name) THEN false
        ELSE p_patient OR pg_try_advisory_xact_lock(hashtextextended(name, 1))
      END ORDER BY name
    ON CONFLICT DO NOTHING;
    IF p_patient THEN
      FOR found IN
        SELECT k.ord, h.head, h.n, h.first, h.ts FROM unnest(c_name) WITH ORDINALITY AS k(name, ord)
        JOIN heads AS h ON h.channel = k.name ORDER BY k.name FOR UPDATE OF h
      LOOP
        c := found.ord;
        c_state[c] := 1; c_head[c] := found.head; c_n[c] := found.n; c_first[c] := found.first; c_ts[c] := found.ts;
      END LOOP;
    ELSE
      FOR found IN
        SELECT k.ord, h.head, h.n, h.first, h.ts FROM unnest(c_name) WITH ORDINALITY AS k(name, ord)
        JOIN heads AS h ON h.channel = k.name ORDER BY k.name FOR UPDATE OF h SKIP LOCKED
      LOOP
        c := found.ord;
        c_state[c] := 1; c_head[c] := found.head; c_n[c] := found.n; c_first[c] := found.first; c_ts[c] := found.ts;
      END LOOP;
      IF 0 = ANY (c_state) THEN
        FOR found IN
          SELECT k.ord FROM unnest(c_name, c_makes) WITH ORDINALITY AS k(name, makes, ord)
          WHERE makes OR EXISTS (SELECT FROM heads WHERE channel = name)
        LOOP
          c := found.ord;
          IF c_state[c] = 0 THEN c_state[c] := 2; END IF;
        END LOOP;
      END IF;
    END IF;

    -- Looked up by what an index is in the order of: of a table that has just begun nobody knows how many rows a channel has, and another
    -- index that begins with the channel would seem as good (sorting is made dear for that, see handle.ts).
    FOR found IN
      SELECT k.ord, e."offset" AS o, e.n, e.ts, e.emptied IS NOT NULL OR CASE
          WHEN e.body IS NOT NULL THEN e.kind = k.kind AND e.body = k.body
          ELSE e.hash = substring(sha256(convert_to(k.kind || E'\\n' || k.body, 'UTF8')), 1, 16)
        END AS same
      FROM unnest(i_channel, i_id, i_from, i_kind, i_body) WITH ORDINALITY AS k(channel, id, sender, kind, body, ord)
      CROSS JOIN LATERAL (
        SELECT * FROM events WHERE channel = c_name[k.channel] AND id BETWEEN k.id AND k.id AND sender = k.sender ORDER BY id LIMIT 1
      ) AS e
    LOOP
      i := found.ord;
      at_offset[i] := found.o; at_n[i] := found.n; at_ts[i] := found.ts; same[i] := found.same;
    END LOOP;
    IF cardinality(q_channel) > 0 THEN
      FOR found IN
        SELECT k.ord, f.value AS text, coalesce(array_position(q_texts, f.value), 0) AS number
        FROM unnest(q_channel, q_key) WITH ORDINALITY AS k(channel, key, ord)
        CROSS JOIN LATERAL (
          SELECT value FROM facts WHERE channel = c_name[k.channel] AND key BETWEEN k.key AND k.key ORDER BY key LIMIT 1
        ) AS f
      LOOP
        j := found.ord;
        IF found.text IS NOT NULL THEN present[j] := found.number; END IF;
      END LOOP;
    END IF;

    <<each_item>>
    FOR i IN 1 .. items LOOP
      c := i_channel[i];
      IF c_state[c] = 2 THEN
        st[i] := 8;
        CONTINUE;
      END IF;
      IF i_follows[i] AND c_last[c] IN (4, 5) THEN
        st[i] := 5; c_last[c] := 5;
        CONTINUE;
      END IF;
      -- There already, from before or from this very batch?
      IF at_offset[i] = 0 THEN
        j := i_twin[i];
        WHILE j > 0 AND st[j] <> 1 LOOP
          j := i_twin[j];
        END LOOP;
        IF j > 0 THEN
          same[i] := i_value[i] = i_value[j];
          at_offset[i] := at_offset[j]; at_n[i] := at_n[j]; at_ts[i] := at_ts[j];
        END IF;
      END IF;
      IF at_offset[i] > 0 THEN
        IF NOT same[i] THEN
          -- Of what was emptied earlier in the batch nobody knows any more what it was.
          FOR w IN 1 .. coalesce(cardinality(e_item), 0) LOOP
            j := e_item[w];
            EXIT WHEN j >= i;
            IF i_channel[j] = c AND st[j] = 1 AND e_offset[w] = at_offset[i] THEN same[i] := true; END IF;
          END LOOP;
        END IF;
        st[i] := CASE WHEN same[i] THEN 2 ELSE 6 END; c_last[c] := st[i];
        CONTINUE;
      END IF;
      IF i_probe[i] THEN
        st[i] := 3; c_last[c] := 3;
        CONTINUE;
      END IF;
      FOR j IN r_from[i] + 1 .. r_from[i + 1] LOOP
        w := r_write[j];
        WHILE w > 0 AND st[f_item[w]] <> 1 LOOP
          w := f_write[w];
        END LOOP;
        number := CASE WHEN w > 0 THEN f_number[w] ELSE present[r_look[j]] END;
        IF number <> r_value[j] THEN
          st[i] := 4; c_last[c] := 4;
          CONTINUE each_item;
        END IF;
      END LOOP;
      FOR j IN e_from[i] + 1 .. e_from[i + 1] LOOP
        IF e_offset[j] < c_first[c] OR e_offset[j] > c_head[c] THEN
          st[i] := 7; c_last[c] := 7;
          CONTINUE each_item;
        END IF;
      END LOOP;
      c_head[c] := c_head[c] + 1;
      IF i_counts[i] THEN c_n[c] := c_n[c] + 1; END IF;
      c_ts[c] := greatest(c_ts[c], CASE WHEN i_ts[i] < 0 THEN now_ms ELSE i_ts[i] END);
      c_moved[c] := true;
      st[i] := 1; c_last[c] := 1;
      at_offset[i] := c_head[c]; at_n[i] := c_n[c]; at_ts[i] := c_ts[c];
    END LOOP;

    IF true = ANY (c_moved) THEN
      INSERT INTO events (channel, "offset", n, ts, id, sender, kind, empties, concerns, body)
      SELECT c_name[k.channel], k.o, k.n, k.ts, k.id, k.sender, k.kind, k.empties, k.concerns, k.body
      FROM unnest(st, i_channel, at_offset, at_n, at_ts, i_id, i_from, i_kind, i_empties, i_concerns, i_body)
        AS k(st, channel, o, n, ts, id, sender, kind, empties, concerns, body)
      WHERE k.st = 1;
      UPDATE heads AS h SET head = k.head, n = k.n, ts = k.ts
      FROM unnest(c_name, c_moved, c_head, c_n, c_ts) AS k(name, moved, head, n, ts) WHERE k.moved AND h.channel = k.name;
      IF cardinality(e_item) > 0 THEN
        -- Emptied before: the fact goes on naming the event that did it.
        WITH gone AS (
          UPDATE events AS e SET body = NULL, emptied = k.by FROM (
            SELECT i_channel[item] AS channel, "offset", min(at_offset[item]) AS by
            FROM unnest(e_item, e_offset) AS one(item, "offset") WHERE st[item] = 1 GROUP BY 1, 2
          ) AS k
          WHERE e.channel = c_name[k.channel] AND e."offset" = k."offset" AND e.body IS NOT NULL
          RETURNING e.channel, e."offset", e.emptied
        )
        INSERT INTO facts (channel, key, value, "offset", about)
        SELECT channel, 'empty:' || "offset", 'true', emptied, "offset" FROM gone
        ON CONFLICT (channel, key) DO UPDATE SET value = excluded.value, "offset" = excluded."offset", about = excluded.about;
      END IF;
      IF cardinality(f_item) > 0 THEN
        INSERT INTO facts (channel, key, value, "offset", about)
        SELECT DISTINCT ON (c_name[i_channel[k.item]], k.key) c_name[i_channel[k.item]], k.key, k.value, at_offset[k.item],
          CASE k.about WHEN -1 THEN NULL WHEN -2 THEN at_offset[k.item] ELSE k.about END
        FROM unnest(f_item, f_key, f_value, f_about) WITH ORDINALITY AS k(item, key, value, about, ord)
        WHERE st[k.item] = 1 AND k.about <> -3 ORDER BY 1, 2, k.ord DESC
        ON CONFLICT (channel, key) DO UPDATE SET value = excluded.value, "offset" = excluded."offset", about = excluded.about;
      END IF;
      INSERT INTO moves (xid, ord, channel, "offset", n, ts, at, rest)
      SELECT pg_current_xact_id(), row_number() OVER (ORDER BY all_moves.place), channel, o, all_moves.n, all_moves.ts, now_ms, rest FROM (
        SELECT k.ord AS place, c_name[k.channel] AS channel, k.o, k.n, k.ts, k.rest
        FROM unnest(st, i_channel, at_offset, at_n, at_ts, i_rest) WITH ORDINALITY AS k(st, channel, o, n, ts, rest, ord)
        WHERE k.st = 1 AND k.rest IS NOT NULL
        UNION ALL
        SELECT items + k.ord, k.name, k.head, k.n, k.ts, NULL
        FROM unnest(c_name, c_moved, c_head, c_n, c_ts) WITH ORDINALITY AS k(name, moved, head, n, ts, ord) WHERE k.moved
      ) AS all_moves;
    END IF;
    -- Behind the locks, so that what it says has been committed is in it; afterwards it would be a transaction more.
    SELECT p.count INTO mark FROM pair_1() AS p;
    COMMIT;
    o_status := array_to_string(st, ','); o_offsets := array_to_string(at_offset, ',');
    o_ns := array_to_string(at_n, ','); o_times := array_to_string(at_ts, ',');
    o_epoch := p_epoch; o_mark := p_generation || '.' || mark;
  END
  $$;
`;
