
# Another session changes what the transaction is about to change, once.
async def meet_another_once():
    conn, other = await asyncpg.connect(), await asyncpg.connect()
    attempts = 0

    async def meet_another(conn):
        nonlocal attempts
        attempts += 1
        await conn.fetchval("SELECT kv_get('a')")
        if attempts == 1:
            await other.execute("SELECT kv_set('a', '10')")
        return await conn.fetchval("SELECT kv_incr('a')")

    print(await in_transaction(conn, meet_another), attempts)    # => 11 2

asyncio.run(meet_another_once())
