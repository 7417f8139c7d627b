-- Sweepers leave templates alone, so what has expired stays until the test removes it. To be undone
-- at its end, since a template cannot be dropped either.
SELECT format('ALTER DATABASE %I IS_TEMPLATE true', current_database()) \gexec
DO $$
BEGIN
    WHILE EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'kvstore sweeper') LOOP
        PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
    END LOOP;
END $$;
