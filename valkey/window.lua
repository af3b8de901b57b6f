-- One call against a subject's sliding window; package limits defines the window and does the same arithmetic.
-- KEYS[1]: the subject's entry. ARGV: the limit, "hit" or "peek", and in tests the second to decide in.
-- Returns whether the call is allowed, the places that remain and the seconds until there is room.
--
-- An entry is the sum of its counts and then a (second, count) pair for each bucket, oldest first, all of them unsigned
-- 32-bit little-endian. A hit reads and rewrites both ends alone, so its cost hardly depends on the number of buckets.
local LIFE = 61
local limit, counts = tonumber(ARGV[1]), ARGV[2] == 'hit'
local second = tonumber(ARGV[3] or redis.call('TIME')[1])

local used, buckets, changed = 0, '', false
local entry = redis.call('GET', KEYS[1])
if entry then
  used, buckets = struct.unpack('<I4', entry), string.sub(entry, 5)
  local newest = struct.unpack('<I4', buckets, #buckets - 7)
  if newest > second and counts then -- the clock stepped back: the buckets move with it
    local moved = {}
    for at = 1, #buckets, 8 do
      local s, n = struct.unpack('<I4I4', buckets, at)
      moved[#moved + 1] = struct.pack('<I4I4', s - (newest - second), n)
    end
    buckets, changed = table.concat(moved), true
  end
  second = math.max(second, (struct.unpack('<I4', buckets, #buckets - 7)))

  local from = 1
  while from < #buckets do -- what no longer counts goes
    local s, n = struct.unpack('<I4I4', buckets, from)
    if second - s < LIFE then break end
    used, from = used - n, from + 8
  end
  if from > 1 then
    buckets, changed = string.sub(buckets, from), true
  end
end

local allowed = used < limit
if counts and allowed then
  local s, n
  if buckets ~= '' then s, n = struct.unpack('<I4I4', buckets, #buckets - 7) end
  if s == second then
    buckets = string.sub(buckets, 1, -9)
  else
    n = 0
  end
  used, buckets, changed = used + 1, buckets .. struct.pack('<I4I4', second, n + 1), true
end
if counts and changed then
  if buckets == '' then
    redis.call('DEL', KEYS[1])
  else
    redis.call('SET', KEYS[1], struct.pack('<I4', used) .. buckets, 'EX', LIFE)
  end
end

local reset, left, at = 0, used, 1
while left >= limit do
  reset = LIFE - 1 -- stays so only for a limit below 1
  if at > #buckets then break end
  local s, n = struct.unpack('<I4I4', buckets, at)
  left, at = left - n, at + 8
  if left < limit then reset = math.min(s + LIFE - second, LIFE - 1) end
end
return {allowed and 1 or 0, math.max(limit - used, 0), reset}
