
// At the same time on several server connections, and in turn on one.
for (let i = 0; i < 5; ++i)
    await Promise.all(Array.from({ length: 8 }, () => call('kv_incr($1, $2)', 'turns', 1)));
console.log((await call('kv_get($1)', 'turns')).rows[0].kv_get);   // => 40
await pool.end();
