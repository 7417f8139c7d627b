
# In turn on one server connection.
import asyncio

async def main():
    first, second = await connect(), await connect()
    for i in range(20):
        await first.execute("SELECT kv_incr($1, $2::bigint)", "turns", 1)
        await second.fetchval("SELECT kv_incr($1, $2::bigint)", "turns", 1)
    print(await first.fetchval("SELECT kv_get($1)", "turns"))    # => 40

asyncio.run(main())
