-- Trigger functions, called in every way but the right one: an error, each time.
CREATE TABLE wide (a text, b text, c int);
CREATE TABLE narrow (a text);
CREATE TABLE no_column ();
CREATE VIEW seen AS SELECT * FROM wide;
CREATE FUNCTION fired(declaration text, event text, called text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    target text := substring(declaration FROM ' ON (\w+) ');
BEGIN
    EXECUTE format('CREATE TRIGGER fired %s EXECUTE FUNCTION %s', declaration, called);
    EXECUTE CASE event WHEN 'INSERT' THEN format('INSERT INTO %I DEFAULT VALUES', target)
                       WHEN 'UPDATE' THEN format('UPDATE %I SET a = a', target)
                       WHEN 'DELETE' THEN format('DELETE FROM %I', target)
                       ELSE format('TRUNCATE %I', target) END;
    RAISE 'nothing' USING ERRCODE = 'P0000';
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
INSERT INTO wide VALUES ('a', 'b', 1);
INSERT INTO narrow VALUES ('a');

SELECT called, fired, count(*) AS ways, string_agg(concat_ws(' ', timing, event, target), ', ' ORDER BY timing, event, target) FILTER (WHERE fired LIKE 'P0000%') AS right_ones
FROM (SELECT called, timing, event, target,
             fired(format('%s %s ON %s FOR EACH %s', timing, event, target, level), event, called)
      FROM (SELECT proname || arguments FROM pg_proc, unnest(ARRAY[$$()$$, $$('%s', 'a')$$, $$('1 MB', 'oldest')$$]) arguments
            WHERE prorettype = 'trigger'::regtype AND proname ~ '^kv_') f(called),
           unnest(ARRAY['BEFORE', 'AFTER', 'INSTEAD OF']) timing, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) event,
           unnest(ARRAY['wide', 'narrow', 'no_column', 'seen']) target, unnest(ARRAY['ROW', 'STATEMENT']) level
      WHERE (timing = 'INSTEAD OF') = (target = 'seen') AND NOT (level = 'STATEMENT' AND target = 'seen')
          AND NOT (event = 'TRUNCATE' AND (level = 'ROW' OR target = 'seen')) AND NOT (event IN ('UPDATE', 'DELETE') AND target = 'no_column')) ways
GROUP BY called, fired ORDER BY called, fired;
SELECT kv_limit_trigger();
SELECT kv_invalidate();
-- Temporary tables are everybody's.
CREATE TEMP TABLE scratch (a text, b text);
CREATE TRIGGER fired AFTER INSERT ON scratch FOR EACH STATEMENT EXECUTE FUNCTION kv_limit_trigger('1 MB', 'oldest');
INSERT INTO scratch VALUES ('a', 'b');
SELECT proname FROM pg_proc WHERE prorettype = 'trigger'::regtype AND proname ~ '^kv_' ORDER BY 1;
DROP VIEW seen;
DROP TABLE wide, narrow, no_column, scratch;
DROP FUNCTION fired;
