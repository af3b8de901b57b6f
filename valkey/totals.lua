-- Keeps the larger of the held and the given total. KEYS[1]: the total's entry. ARGV: the total, and when it expires in Unix
-- seconds. Both totals are below 2^53, so Lua compares them exactly.
local held = redis.call('GET', KEYS[1])
if not held or tonumber(held) < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'EXAT', ARGV[2])
end
return 0
