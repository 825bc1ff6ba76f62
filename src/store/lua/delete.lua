-- Removes a document and its log.
-- KEYS (2): the document, its log.
-- ARGV: channel of the hint
-- Gives: 1 when there was a document, otherwise 0.
local existed = redis.call('DEL', KEYS[1])
redis.call('DEL', KEYS[2])
if existed == 1 then redis.pcall('PUBLISH', ARGV[1], '') end
return existed
