-- Keeps an answer of a tenant in KEYS[1] and lists it in KEYS[2]; ARGV is the answer, for how many milliseconds it is kept, the
-- place it was built at, and how many answers of the tenant there may be. Answers whether it was kept.
-- It is not where somebody was erased after it was built (KEYS[3]), for it may show them.
if tonumber(ARGV[3]) < tonumber(redis.call('GET', KEYS[3]) or '0') then
    return 0
end
local kind = redis.call('TYPE', KEYS[2]).ok
if kind ~= 'zset' and kind ~= 'none' then
    redis.call('UNLINK', KEYS[2])
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[4]) and not redis.call('ZSCORE', KEYS[2], KEYS[1]) then
    return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('ZADD', KEYS[2], string.format('%.0f', now + ARGV[2]), KEYS[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return 1
