-- Counts one request in all cells of KEYS, or in none when one of them is full: GCRA by the server's own clock.
-- ARGV holds spacing and window of each cell. Answers whether it was refused, and the debt of each cell.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local answer = { 0 }
for i, key in ipairs(KEYS) do
    local free_at = tonumber(redis.call('GET', key) or now)
    local debt = math.max(free_at - now, 0)
    if debt + ARGV[2 * i - 1] > tonumber(ARGV[2 * i]) then
        answer[1] = 1
    end
    answer[i + 1] = debt
end
if answer[1] == 0 then
    for i, key in ipairs(KEYS) do
        local debt = answer[i + 1] + ARGV[2 * i - 1]
        -- A number as Lua writes it would lose its last digits.
        redis.call('SET', key, string.format('%.0f', now + debt), 'PX', math.ceil(debt / 1000))
        answer[i + 1] = debt
    end
end
return answer
