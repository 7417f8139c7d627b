-- Sweepers leave templates alone, so what has expired stays until the test removes it. To be undone
-- at its end, since a template cannot be dropped either. One may be on its way: till none was seen for a second.
SELECT format('ALTER DATABASE %I IS_TEMPLATE true', current_database()) \gexec
DO $$
DECLARE seen timestamptz := clock_timestamp();
BEGIN
    WHILE clock_timestamp() < seen + interval '1 second' LOOP
        IF EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'kvstore sweeper') THEN
            seen := clock_timestamp();
        END IF;
        PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
    END LOOP;
END $$;
