
# What was prepared on one server connection is missing on the next, which the other one holds.
import asyncio

async def main():
    first, second = await connect(), await connect()
    for i in range(10):
        await first.execute("SELECT kv_incr($1, $2::bigint)", "turns", 1)
        async with second.transaction():
            await second.fetchval("SELECT 1")
            await first.execute("SELECT kv_incr($1, $2::bigint)", "turns", 1)
    print(await first.fetchval("SELECT kv_get($1)", "turns"))    # => 20

asyncio.run(main())
