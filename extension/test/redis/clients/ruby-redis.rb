# ruby-redis: a cache, counters, locks, pipelines, messages.
require 'redis'

$checks = 0
def is(what, expected, got)
  abort "#{what}: expected #{expected.inspect}, got #{got.inspect}" unless expected == got
  $checks += 1
end

def connect(**more) = Redis.new(host: ENV['REDIS_HOST'], port: ENV['REDIS_PORT'].to_i, **more)
r = connect
is 'flushall', 'OK', r.flushall
binary = (0..255).to_a.pack('C*')
is 'set', 'OK', r.set('k', binary, ex: 100)
is 'get', binary, r.get('k').b
is 'ttl', true, r.ttl('k').between?(90, 100)
is 'keepttl', ['OK', true], [r.set('k', 'v', keepttl: true), r.pttl('k').positive?]
is 'getset', ['v', nil], [r.getset('k', 'w'), r.get('nothing')]
is 'lock', [true, false], [r.set('lock', 'me', nx: true, px: 30_000), r.set('lock', 'you', nx: true, px: 30_000)]
is 'incr', [1, 6, 5, 5.5], [r.incr('n'), r.incrby('n', 5), r.decr('n'), r.incrbyfloat('n', 0.5)]
is 'mset', ['OK', ['1', nil, '2']], [r.mset('a', 1, 'b', 2), r.mget('a', 'nothing', 'b')]
is 'mapped_mget', { 'a' => '1', 'b' => '2' }, r.mapped_mget('a', 'b')
is 'expire', [true, false], [r.expire('a', 100), r.expire('nothing', 100)]
is 'exists', [true, 1], [r.exists?('a'), r.exists('a', 'nothing')]
is 'del', 2, r.del('a', 'b', 'nothing')
is 'setnx', [true, false], [r.setnx('x', 1), r.setnx('x', 2)]

answers = r.pipelined do |p|
  500.times { |i| p.set("p:#{i}", i) && p.incr("p:#{i}") }
end
is 'pipelined', [1000, 'OK', 500], [answers.size, *answers.last(2)]
is 'multi', ['OK', 2], r.multi { |t| t.set('t', 1) && t.incr('t') }
other = connect
r.watch('t') do
  other.set('t', 'changed')
  is 'watch', nil, r.multi { |t| t.set('t', 'mine') }
end
is 'unchanged', 'changed', r.get('t')
is 'scan_each', 500, r.scan_each(match: 'p:*', count: 50).to_a.uniq.size

heard = []
other.subscribe('news', 'more') do |on|
  on.subscribe { |_, count| r.publish('news', 'hello') if count == 2 }
  on.message do |channel, message|
    heard << [channel, message]
    other.unsubscribe
  end
end
is 'heard', [%w[news hello]], heard
begin
  r.incr('t')
  is 'error', 'an error', 'none'
rescue Redis::CommandError => e
  is 'error', 'ERR value is not an integer or out of range', e.message
end
is 'database 1', [nil, 'PONG'], [connect(db: 1).get('t'), r.ping]
puts $checks
