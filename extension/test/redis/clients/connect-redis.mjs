// connect-redis: express-session's store, as a browser sees it.
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createClient } from 'redis';
import { is, report, url } from './support.mjs';

const client = await createClient({ url }).connect();
await client.flushAll();
const store = new RedisStore({ client, prefix: 'app:', ttl: 1000 });
const app = express();
app.use(session({ store, secret: 'x', resave: false, saveUninitialized: false }));
app.get('/visit', (request, response) => {
    request.session.visits = (request.session.visits ?? 0) + 1;
    response.json(request.session.visits);
});
app.get('/logout', (request, response) => request.session.destroy(() => response.json('bye')));
const server = app.listen(0, '127.0.0.1');
await new Promise((done) => server.once('listening', done));

let cookie;
const get = async (path) => {
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { headers: cookie ? { cookie } : {} });
    cookie ??= response.headers.get('set-cookie')?.split(';')[0];
    return response.json();
};
is('visits', [1, 2, 3], [await get('/visit'), await get('/visit'), await get('/visit')]);
const keys = await client.keys('app:*');
is('one session', 1, keys.length);
is('its life', true, await client.ttl(keys[0]) > 900);
const all = (name) => new Promise((done, fail) => store[name]((error, value) => (error ? fail(error) : done(value))));
is('its visits', [3, 1, 1], [(await all('all'))[0].visits, await all('length'), (await all('ids')).length]);
is('logout', 'bye', await get('/logout'));
is('no session', 0, (await client.keys('app:*')).length);
is('a new one', 1, await get('/visit'));
await all('clear');
is('cleared', 0, await all('length'));
report();
process.exit();
