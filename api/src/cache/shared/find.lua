-- The answer of KEYS[1] and for how many milliseconds more it is kept; nothing where there is none.
-- What no process of ours has put there is taken away: another type, more than ARGV[1] bytes, or kept for ever.
local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'none' then
    return false
end
local left = redis.call('PTTL', KEYS[1])
if kind ~= 'string' or left <= 0 or redis.call('STRLEN', KEYS[1]) > tonumber(ARGV[1]) then
    redis.call('UNLINK', KEYS[1])
    return false
end
return { left, redis.call('GET', KEYS[1]) }
