-- Appends records to the log of a document that exists and is open; looks and writes in one step.
-- KEYS (2): the document, its log.
-- ARGV: openUntil or '', how many records are kept or '', then the records
-- Gives: {position of the first record, store time}, or 'absent', or 'closed'.
local document = redis.call('HMGET', KEYS[1], 'n', 'u', 'l', 'e')
if not document[1] then return 'absent' end
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local open = tonumber(document[2])
if open and open <= now then return 'closed' end
local length = tonumber(document[3] or '0')
-- The position is the entry's own id.
for i = 3, #ARGV do redis.call('XADD', KEYS[2], string.format('%d-0', length + i - 2), 'r', ARGV[i]) end
if ARGV[2] ~= '' then redis.call('XTRIM', KEYS[2], 'MAXLEN', ARGV[2]) end
redis.call('HSET', KEYS[1], 'l', length + #ARGV - 2)
if open and ARGV[1] ~= '' and tonumber(ARGV[1]) > open then redis.call('HSET', KEYS[1], 'u', ARGV[1]) end
if length == 0 and document[4] then
  redis.call('PEXPIREAT', KEYS[2], string.format('%.0f', tonumber(document[4]) - 1))
end
return { length + 1, now }
