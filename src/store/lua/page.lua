-- Reads a page of an ordered index together with its size, as both were at one instant.
-- KEYS (1): the index.
-- ARGV: offset, count, '1' for the lowest score first
-- Gives: {size, members}.
local size = redis.call('ZCARD', KEYS[1])
local first = tonumber(ARGV[1])
local last = first + tonumber(ARGV[2]) - 1
if last < first then return { size, {} } end
return { size, redis.call(ARGV[3] == '1' and 'ZRANGE' or 'ZREVRANGE', KEYS[1], first, last) }
