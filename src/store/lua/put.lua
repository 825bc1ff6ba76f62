-- Writes a document, whatever was there before; keeps its log.
-- KEYS (2): the document, its log. Both vanish together.
-- ARGV: value, openUntil or '', expiresAt or '', channel of the hint
-- Gives: the new version.
-- Fields of a document: v value, n version, u openUntil, e expiresAt, l length of its log.
local version = redis.call('HINCRBY', KEYS[1], 'n', 1)
redis.call('HSET', KEYS[1], 'v', ARGV[1])
if ARGV[2] == '' then redis.call('HDEL', KEYS[1], 'u') else redis.call('HSET', KEYS[1], 'u', ARGV[2]) end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], 'e')
  redis.call('PERSIST', KEYS[1])
  redis.call('PERSIST', KEYS[2])
else
  redis.call('HSET', KEYS[1], 'e', ARGV[3])
  -- Redis keeps a key until its time is past; ours is gone when its time has come.
  local last = string.format('%.0f', tonumber(ARGV[3]) - 1)
  redis.call('PEXPIREAT', KEYS[1], last)
  redis.call('PEXPIREAT', KEYS[2], last)
end
redis.pcall('PUBLISH', ARGV[4], '')
return version
