-- Appends records to a log that stands alone, and moves its end.
-- KEYS (1): the log.
-- ARGV: expiresAt or '', then the records
-- Gives: {position of the first record, store time}.
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
-- Single records are never removed: what the log holds is where it ends.
local length = redis.call('XLEN', KEYS[1])
for i = 2, #ARGV do redis.call('XADD', KEYS[1], string.format('%d-0', length + i - 1), 'r', ARGV[i]) end
-- Redis keeps a key until its time is past; ours is gone when its time has come.
if ARGV[1] ~= '' then redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', tonumber(ARGV[1]) - 1)) end
return { length + 1, now }
