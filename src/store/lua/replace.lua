-- Writes a document only where its version is the expected one; keeps its log, and what the options leave out.
-- KEYS (2): the document, its log. Both vanish together.
-- ARGV: value, openUntil or '', expiresAt or '', channel of the hint, expected version (0: no document)
-- Gives: the new version, or 0 when nothing was written.
local version = tonumber(redis.call('HGET', KEYS[1], 'n') or '0')
if version ~= tonumber(ARGV[5]) then return 0 end
redis.call('HSET', KEYS[1], 'v', ARGV[1], 'n', version + 1)
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'u', ARGV[2]) end
if ARGV[3] ~= '' then
  redis.call('HSET', KEYS[1], 'e', ARGV[3])
  -- Redis keeps a key until its time is past; ours is gone when its time has come.
  local last = string.format('%.0f', tonumber(ARGV[3]) - 1)
  redis.call('PEXPIREAT', KEYS[1], last)
  redis.call('PEXPIREAT', KEYS[2], last)
end
redis.pcall('PUBLISH', ARGV[4], '')
return version + 1
