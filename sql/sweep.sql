-- kv_sweep() removes what has expired, and nothing else.
SELECT kv_sweep();
SELECT count(kv_set_ex('brief' || i, repeat('x', 100), 1e-6)) FROM generate_series(1, 1000) i;
SELECT count(kv_set_ex('long' || i, repeat('x', 100), 3600)) FROM generate_series(1, 500) i;
SELECT count(kv_set('for ever' || i, repeat('x', 100))) FROM generate_series(1, 500) i;
SELECT count(*) FROM kv_store;
SELECT kv_sweep(10);
SELECT kv_sweep(max_rows => 90);
SELECT kv_sweep();
SELECT kv_sweep();
SELECT count(*), min(key), max(key) FROM kv_store;

-- All of them, however many.
SELECT count(kv_set_ex('brief' || i, repeat('x', 100), 1e-6)) FROM generate_series(1, 5000) i;
SELECT kv_sweep(2500);
SELECT kv_sweep();

-- A sweep belongs to its transaction.
SELECT kv_set_ex('brief', 'x', 1e-6);
BEGIN;
SELECT kv_sweep();
ROLLBACK;
SELECT count(*) FROM kv_store WHERE key = 'brief';

-- Within one statement.
SELECT kv_set_ex('brief2', 'x', 1e-6), kv_sweep(), kv_sweep();

-- In other stores, by the table's own type.
SELECT kv_create_store('blobs', logged => true, value_type => 'bytea');
SELECT kv_set_ex('a', '\xff'::bytea, 1e-6, store => 'blobs'), kv_set_ex('b', '\xff'::bytea, 60, store => 'blobs');
SELECT kv_sweep(store => 'blobs'), kv_sweep();
SELECT key FROM blobs;
DROP TABLE blobs;
TRUNCATE kv_store;
SELECT kv_sweep();
