-- Requests of one kind with the keys of a file, one after another. From the
-- environment: KEYS the file, KIND what to ask, BEARER a fixed key, BODY the
-- charge of a verification, PATH the path of a GET. KIND hold makes a hold and
-- settles it in the next request: two requests are one call.
local requests, n = {}, 0
local kind, bearer, body, path = os.getenv("KIND"), os.getenv("BEARER"), os.getenv("BODY") or "", os.getenv("TARGET")

local function add(key)
  if kind == "verify" then
    requests[#requests + 1] = wrk.format("POST", "/api/keys/verify",
      { ["Authorization"] = "Bearer " .. bearer, ["Content-Type"] = "application/json" }, '{"key":"' .. key .. '"' .. body .. "}")
  elseif kind == "complete" then
    requests[#requests + 1] = wrk.format("POST", path, { ["Authorization"] = "Bearer " .. key, ["Content-Type"] = "application/json" }, body)
  elseif kind == "customer" then
    requests[#requests + 1] = wrk.format("GET", path, { ["Authorization"] = "Bearer " .. key })
  elseif kind == "admin" then
    requests[#requests + 1] = wrk.format("GET", path, { ["Authorization"] = "Bearer " .. bearer })
  else
    requests[#requests + 1] = wrk.format("GET", path)
  end
end

local held, headers = {}, {}

local function settle(id)
  return wrk.format("POST", "/api/holds/" .. id .. "/settle", headers, '{"credits":1,"model":"gpt-5","prompt_tokens":812,"completion_tokens":240}')
end

function init()
  if kind == "hold" then
    kind = "verify"
    headers = { ["Authorization"] = "Bearer " .. bearer, ["Content-Type"] = "application/json" }
    response = function(_, _, answer)
      local id = answer:match('"hold_id":"([%x-]+)"')
      if id then held[#held + 1] = id end
    end
  end
  if kind == "verify" or kind == "customer" or kind == "complete" then
    for key in io.lines(os.getenv("KEYS")) do add(key) end
  else
    add()
  end
end

function request()
  if #held > 0 then return settle(table.remove(held)) end
  n = n % #requests + 1
  return requests[n]
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d %d\n", summary.requests, summary.duration,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
