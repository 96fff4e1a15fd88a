-- Gives back what was counted too much in the cells of KEYS. ARGV holds how much of each, in microseconds.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
for i, key in ipairs(KEYS) do
    local debt = tonumber(redis.call('GET', key) or now) - now - ARGV[i]
    if debt > 0 then
        redis.call('SET', key, string.format('%.0f', now + debt), 'PX', math.ceil(debt / 1000))
    else
        redis.call('DEL', key)
    end
end
return 1
