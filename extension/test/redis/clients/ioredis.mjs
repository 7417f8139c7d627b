// ioredis: cache, counters, locks, pipelines, transactions, messages.
import { Redis } from 'ioredis';
import { attempt, host, is, port, report, until } from './support.mjs';

const r = new Redis({ host, port });
is('flushall', 'OK', await r.flushall());
const binary = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
is('set', 'OK', await r.set('k', binary, 'EX', 100));
is('getBuffer', binary, await r.getBuffer('k'));
is('nothing', null, await r.get('nothing'));
is('lock', ['OK', null], [await r.set('lock', 'me', 'PX', 30000, 'NX'), await r.set('lock', 'you', 'PX', 30000, 'NX')]);
is('incr', [1, 11, 10], [await r.incr('n'), await r.incrby('n', 10), await r.decr('n')]);
is('incrbyfloat', '10.5', await r.incrbyfloat('n', 0.5));
is('mset', 'OK', await r.mset({ a: 1, b: 2 }));
is('mget', ['1', null, '2'], await r.mget('a', 'nothing', 'b'));
is('expire', [1, 0, -2], [await r.expire('a', 100), await r.expire('a', 10, 'GT'), await r.ttl('nothing')]);
is('getex', ['1', -1], [await r.getex('a', 'PERSIST'), await r.ttl('a')]);
is('del', 2, await r.del('a', 'b', 'nothing'));

// All at once: a pipeline by itself.
is('1000 at once', Array.from({ length: 1000 }, (_, i) => i + 1),
    await Promise.all(Array.from({ length: 1000 }, () => r.incr('hits'))));
const pipeline = r.pipeline();
for (let i = 0; i < 500; i++) pipeline.set(`p:${i}`, i).incr(`p:${i}`);
const answers = await pipeline.exec();
is('pipeline', [1000, [null, 'OK'], [null, 500]], [answers.length, ...answers.slice(-2)]);
is('multi', [[null, 'OK'], [null, 2]], await r.multi().set('t', 1).incr('t').exec());

const other = r.duplicate();
await r.watch('t');
await other.set('t', 'changed');
is('watch', null, await r.multi().set('t', 'mine').exec());
is('error', 'ERR value is not an integer or out of range', await attempt(r.incr('t')));
const within = await r.multi().set('t', 'x').incr('t').exec();
is('an error within', ['OK', 'ERR value is not an integer or out of range'], [within[0][1], within[1][0].message]);

const found = new Set();
for await (const keys of r.scanStream({ match: 'p:*', count: 50 })) keys.forEach((key) => found.add(key));
is('scanStream', 500, found.size);

const subscriber = r.duplicate();
const heard = [];
subscriber.on('message', (channel, message) => heard.push([channel, message]));
subscriber.on('pmessage', (pattern, channel, message) => heard.push([pattern, channel, message]));
is('subscribe', 1, await subscriber.subscribe('news'));
is('psubscribe', 2, await subscriber.psubscribe('n*'));
await r.publish('news', 'hello');
await until(() => heard.length === 2);
is('heard', [['n*', 'news', 'hello'], ['news', 'hello']], heard.sort((a, b) => b.length - a.length));

const prefixed = new Redis({ host, port, db: 1, keyPrefix: 'app:', connectionName: 'me' });
is('keyPrefix', ['OK', 'v', null], [await prefixed.set('x', 'v'), await prefixed.get('x'), await r.get('app:x')]);
is('connectionName', 'me', await prefixed.client('GETNAME'));
for (const each of [r, other, subscriber, prefixed]) is('quit', 'OK', await each.quit());
report();
