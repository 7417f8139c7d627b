<?php
// php-redis: a cache, counters, locks, pipelines, and PHP's own sessions.
$checks = 0;
function is(string $what, $expected, $got): void {
    global $checks;
    if ($expected !== $got) {
        echo "$what: expected ", var_export($expected, true), ", got ", var_export($got, true), "\n";
        exit(1);
    }
    $checks++;
}

[$host, $port] = [getenv('REDIS_HOST'), (int) getenv('REDIS_PORT')];
ini_set('session.save_handler', 'redis');
ini_set('session.save_path', "tcp://$host:$port?prefix=PHPSESSION:");
ini_set('session.use_cookies', '0');
ini_set('session.cache_limiter', '');
session_id('abc123');
session_start();
$_SESSION['user'] = ['id' => 42, 'name' => "J\u{fc}rgen"];
session_write_close();
$_SESSION = [];
session_start();
is('session', ['id' => 42, 'name' => "J\u{fc}rgen"], $_SESSION['user']);
session_destroy();

$r = new Redis();
$r->connect($host, $port);
is('flushAll', true, $r->flushAll());
$binary = random_bytes(1000) . "\0\r\n";
is('set', true, $r->set('k', $binary, ['ex' => 100]));
is('get', $binary, $r->get('k'));
is('ttl', true, $r->ttl('k') > 90 && $r->ttl('k') <= 100);
is('nothing', false, $r->get('nothing'));
is('lock', [true, false], [$r->set('lock', 'me', ['nx', 'px' => 30000]), $r->set('lock', 'you', ['nx', 'px' => 30000])]);
is('incr', [1, 11, 10], [$r->incr('n'), $r->incrBy('n', 10), $r->decr('n')]);
is('incrByFloat', 10.25, $r->incrByFloat('n', 0.25));
is('mSet', true, $r->mSet(['a' => '1', 'b' => '2']));
is('mGet', ['1', false, '2'], $r->mGet(['a', 'nothing', 'b']));
is('exists', 2, $r->exists('a', 'b', 'nothing'));
is('del', 2, $r->del(['a', 'b', 'nothing']));

$r->setOption(Redis::OPT_SERIALIZER, Redis::SERIALIZER_PHP);
$r->setOption(Redis::OPT_PREFIX, 'app:');
is('setex', true, $r->setex('object', 60, ['x' => 1.5, 'y' => [true, null]]));
is('an object', ['x' => 1.5, 'y' => [true, null]], $r->get('object'));
$r->setOption(Redis::OPT_SERIALIZER, Redis::SERIALIZER_NONE);
$r->setOption(Redis::OPT_PREFIX, '');
is('with its prefix', 1, $r->exists('app:object'));

$p = $r->pipeline();
for ($i = 0; $i < 500; $i++)
    $p->set("p:$i", (string) $i)->incr("p:$i");
$answers = $p->exec();
is('pipeline', [1000, true, 500], [count($answers), $answers[998], $answers[999]]);
is('multi', [true, 2, '2'], $r->multi()->set('t', '1')->incr('t')->get('t')->exec());

$other = new Redis();
$other->connect($host, $port);
$r->watch('t');
$other->set('t', 'changed');
is('watch', false, $r->multi()->set('t', 'mine')->exec());
is('unchanged', 'changed', $r->get('t'));

$found = [];
$cursor = null;
while (($keys = $r->scan($cursor, 'p:*', 50)) !== false)
    array_push($found, ...$keys);
is('scan', 500, count(array_unique($found)));
is('error', [false, 'ERR value is not an integer or out of range'], [$r->incr('t'), rtrim($r->getLastError(), "\0")]);
is('select', [true, false], [$r->select(1), $r->get('t')]);
echo "$checks\n";
