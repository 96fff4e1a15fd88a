-- Takes away all answers of a tenant that KEYS[1] lists, and notes in KEYS[2] for ARGV[2] milliseconds that none from before the
-- place ARGV[1] may be kept: somebody was erased there. Answers how many there were.
if tonumber(ARGV[1]) > tonumber(redis.call('GET', KEYS[2]) or '0') then
    redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
end
local kept = redis.call('ZRANGE', KEYS[1], 0, -1)
for first = 1, #kept, 1000 do
    redis.call('UNLINK', unpack(kept, first, math.min(first + 999, #kept)))
end
redis.call('UNLINK', KEYS[1])
return #kept
