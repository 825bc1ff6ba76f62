-- Adds one to a counter, and moves its end.
-- KEYS (1): the counter.
-- ARGV: expiresAt or ''
-- Gives: the new value.
local value = redis.call('INCR', KEYS[1])
-- Redis keeps a key until its time is past; ours is gone when its time has come.
if ARGV[1] ~= '' then redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', tonumber(ARGV[1]) - 1)) end
return value
