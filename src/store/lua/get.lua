-- Reads documents, each as far as it can be read.
-- KEYS: the documents.
-- Gives: for each of them {value, version, openUntil, length}, or why it cannot be read.
local found = {}
for index, key in ipairs(KEYS) do found[index] = redis.pcall('HMGET', key, 'v', 'n', 'u', 'l') end
return found
