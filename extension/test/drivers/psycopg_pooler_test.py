
# In turn on one server connection, often enough to be prepared if they were.
first, second = connect(), connect()
for i in range(20):
    first.execute("SELECT kv_incr(%s, %s)", ("turns", 1))
    second.execute("SELECT kv_incr(%s, %s)", ("turns", 1))
print(first.execute("SELECT kv_get('turns')").fetchone()[0])   # => 40
