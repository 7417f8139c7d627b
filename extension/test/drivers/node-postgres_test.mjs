
// Another session changes what the transaction is about to change, once.
const other = new pg.Client();
await other.connect();
let attempts = 0;
const sum = await inTransaction(async () => {
    await call('kv_get($1)', 'a');
    if (++attempts === 1) await other.query("SELECT kv_set('a', '10')");
    return call('kv_incr($1)', 'a');
});
console.log(sum, attempts);   // => 11 2
await other.end();
await client.end();
