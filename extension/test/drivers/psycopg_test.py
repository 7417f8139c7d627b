
# Another session changes what the transaction is about to change, once.
other = psycopg.connect(autocommit=True)
attempts = 0

def meet_another():
    global attempts
    attempts += 1
    call("kv_get(%s)", "a")
    if attempts == 1:
        other.execute("SELECT kv_set('a', '10')")
    return call("kv_incr(%s, %s)", "a", 1)

print(in_transaction(meet_another), attempts)                # => 11 2
