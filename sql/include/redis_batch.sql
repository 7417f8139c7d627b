-- Batches of commands as kvstore-redis sends them, and their replies in rows: docs/design.md has the
-- format.

-- A command's arguments, each a text or bytes in hexadecimal digits behind \x.
CREATE FUNCTION command(VARIADIC words text[]) RETURNS bytea LANGUAGE sql AS $$
    SELECT int4send(cardinality(words)) || string_agg(int4send(length(bytes)) || bytes, '' ORDER BY n)
    FROM unnest(words) WITH ORDINALITY u(word, n),
        LATERAL (SELECT CASE WHEN word LIKE '\\x%' THEN word::bytea ELSE convert_to(word, 'UTF8') END) b(bytes)
$$;

CREATE FUNCTION section(commands bytea[], protocol int DEFAULT 2, database int DEFAULT 0, watched bytea DEFAULT '\x0000') RETURNS bytea LANGUAGE sql AS $$
    SELECT int4send(length(s)) || s
    FROM (SELECT set_byte('\x00', 0, protocol) || '\x00' || int2send(database::int2) || watched ||
                 int4send(cardinality(commands)) || coalesce(string_agg(c, '' ORDER BY n), '')
          FROM unnest(commands) WITH ORDINALITY u(c, n)) x(s)
$$;

-- flags: 1 may wait, 2 exec, 4 in any case.
CREATE FUNCTION batch(sections bytea[], flags int DEFAULT 1) RETURNS bytea LANGUAGE sql AS $$
    SELECT '\x01' || set_byte('\x00', 0, flags) || coalesce(string_agg(s, '' ORDER BY n), '') FROM unnest(sections) WITH ORDINALITY u(s, n)
$$;

CREATE FUNCTION number_at(bytes bytea, at int) RETURNS int LANGUAGE sql AS $$
    SELECT ('x' || encode(substr(bytes, at + 1, 4), 'hex'))::bit(32)::int
$$;

-- A row for each section: its status, and its replies, with blanks for the ends of lines.
CREATE FUNCTION replies(batch bytea) RETURNS TABLE (status int, replies text[]) LANGUAGE plpgsql AS $$
DECLARE
    bytes bytea := kv_redis_batch(batch);
    at int := 1;
BEGIN
    WHILE at < length(bytes) LOOP
        status := get_byte(bytes, at + 4);
        replies := '{}';
        at := at + 9;
        FOR i IN 1 .. number_at(bytes, at - 4) LOOP
            replies := replies || replace(encode(substr(bytes, at + 5, number_at(bytes, at)), 'escape'), E'\r\n', ' ');
            at := at + 4 + number_at(bytes, at);
        END LOOP;
        RETURN NEXT;
    END LOOP;
END $$;
