// redis, which is node-redis: RESP3 as it does by itself, and RESP2.
import { createClient, createClientPool, RESP_TYPES } from 'redis';
import { attempt, is, report, until, url } from './support.mjs';

for (const RESP of [3, 2]) {
    const r = await createClient({ url, RESP }).connect();
    const bytes = r.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    is('flushAll', 'OK', await r.flushAll());
    const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    is('set', 'OK', await r.set('k', binary, { expiration: { type: 'EX', value: 100 } }));
    is('get', binary, await bytes.get('k'));
    is('nothing', null, await r.get('nothing'));
    is('lock', ['OK', null], [await r.set('lock', 'me', { PX: 30000, NX: true }), await r.set('lock', 'you', { PX: 30000, NX: true })]);
    is('incr', [1, 11, 10], [await r.incr('n'), await r.incrBy('n', 10), await r.decr('n')]);
    is('incrByFloat', '10.5', await r.incrByFloat('n', 0.5));
    is('mSet', 'OK', await r.mSet({ a: '1', b: '2' }));
    is('mGet', ['1', null, '2'], await r.mGet(['a', 'nothing', 'b']));
    is('expire', [1, 0, -2], [await r.expire('a', 100), await r.expire('a', 10, 'GT'), await r.ttl('nothing')]);
    is('getEx', ['1', -1], [await r.getEx('a', { type: 'PERSIST' }), await r.ttl('a')]);
    is('del', 2, await r.del(['a', 'b', 'nothing']));
    is('1000 at once', Array.from({ length: 1000 }, (_, i) => i + 1),
        await Promise.all(Array.from({ length: 1000 }, () => r.incr('hits'))));
    is('multi', ['OK', 2, '2'], await r.multi().set('t', '1').incr('t').get('t').exec());

    const other = await r.duplicate().connect();
    await r.watch('t');
    await other.set('t', 'changed');
    is('watch', 'One (or more) of the watched keys has been changed', await attempt(r.multi().set('t', 'mine').exec()));
    is('error', 'ERR value is not an integer or out of range', await attempt(r.incr('t')));

    await r.mSet(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`p:${i}`, `${i}`])));
    const found = new Set();
    for await (const keys of r.scanIterator({ MATCH: 'p:*', COUNT: 50 })) keys.forEach((key) => found.add(key));
    is('scanIterator', 500, found.size);

    const heard = [];
    await other.subscribe('news', (message, channel) => heard.push([channel, message]));
    await r.publish('news', 'hello');
    await until(() => heard.length === 1);
    is('heard', [['news', 'hello']], heard);
    await other.unsubscribe('news');
    is('database 1', null, await (await r.duplicate({ database: 1 }).connect()).get('t'));
    is('a pool', ['OK', 'v'], await (async () => {
        const pool = await createClientPool({ url, RESP }).connect();
        return [await pool.set('x', 'v'), await pool.get('x')];
    })());
}
report();
process.exit();
