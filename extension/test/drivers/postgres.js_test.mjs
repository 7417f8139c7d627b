
// Another session changes what the transaction is about to change, once.
let attempts = 0;
const sum = await inTransaction(async mine => {
    await mine`SELECT kv_get('a')`;
    if (++attempts === 1) await sql`SELECT kv_set('a', '10')`;
    return value(mine`SELECT kv_incr('a')`);
});
console.log(sum, attempts);   // => 11 2
await sql.end();
