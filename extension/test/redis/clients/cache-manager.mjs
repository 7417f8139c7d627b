// cache-manager, with its store in Redis by way of Keyv.
import KeyvRedis from '@keyv/redis';
import { createCache } from 'cache-manager';
import Keyv from 'keyv';
import { is, report, until, url } from './support.mjs';

const cache = createCache({ stores: [new Keyv({ store: new KeyvRedis(url), namespace: 'cm' })], ttl: 100000 });
await cache.clear();
await cache.set('k', { a: [1, null, 'x'] });
is('get', { a: [1, null, 'x'] }, await cache.get('k'));
is('nothing', undefined, await cache.get('nothing'));
await cache.mset([{ key: 'a', value: 1 }, { key: 'b', value: 2, ttl: 50000 }]);
is('mget', [1, 2, undefined], await cache.mget(['a', 'b', 'nothing']));
let calls = 0;
const slow = () => cache.wrap('w', async () => ++calls);
is('wrap', [[1, 1, 1], 1], [await Promise.all([slow(), slow(), slow()]), await slow()]);
is('ttl', true, (await cache.ttl('b')) > Date.now());
await cache.mdel(['a', 'b']);
is('mdel', [undefined, undefined], await cache.mget(['a', 'b']));
await cache.set('short', 1, 20);
await until(async () => (await cache.get('short')) === undefined);
is('expired', undefined, await cache.get('short'));
await cache.del('k');
is('del', undefined, await cache.get('k'));
await cache.clear();
is('clear', undefined, await cache.get('w'));
await cache.disconnect();
report();
