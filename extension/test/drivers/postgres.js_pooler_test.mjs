
// What was prepared on one server connection is missing on the next, which the other one holds.
const [first, second] = [connect(), connect()];
const count = () => first.begin(sql => sql`SELECT kv_incr(${'turns'}, ${1})`);
for (let i = 0; i < 10; ++i) {
    await count();
    await second.begin(async sql => {
        await sql`SELECT 1`;
        await count();
    });
}
console.log((await first`SELECT kv_get('turns')`)[0].kv_get);   // => 20
await first.end();
await second.end();
