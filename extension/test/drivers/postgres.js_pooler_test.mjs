
// Each transaction on whatever server connection is free: what was prepared on one is missing on the other.
const [first, second] = [connect(), connect()];
for (let i = 0; i < 20; ++i) {
    await first.begin(sql => sql`SELECT kv_incr(${'turns'}, ${1})`);
    await first.begin(async mine => {
        await mine`SELECT 1`;
        await second.begin(sql => sql`SELECT kv_incr(${'turns'}, ${1})`);
    });
}
console.log((await first`SELECT kv_get('turns')`)[0].kv_get);   // => 40
await first.end();
await second.end();
