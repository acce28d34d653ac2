-- Who may call next, and when: one account's rate, an endpoint's, calls in flight, and lanes.
--
-- Instants. Calls that began are kept with their instants, those of the last second (and a bit) of
-- each limit. A call gets the first instant that lies a second after all of them but the most
-- recent `most - 1`. Of `most + 1` calls, the one asked for last is therefore a second later than
-- at least one other: no second, wherever it begins, holds more than `most`. The bit on top is how
-- late a caller may be for its instant. One that is later asks again; one that was not so late says
-- so when its call is over, and its instant is set back by what it did not need.
--
-- Turns. Who cannot begin at once stands in a line, one for each lane and endpoint, and is given a
-- turn shortly before there is room. Turns order the calls and space them evenly; what is promised
-- to Stripe is decided when the caller comes. Who comes hands out the next turn. A turn goes to a
-- list on which the line's callers block: Redis keeps their order and drops who was killed. A turn
-- that nobody comes for stops the others only until one of them has waited too long, and asks.
--
-- KEYS: what all names begin with. ARGV: what is asked ("enter", "come" with a turn,
-- "freed" when a place may be, "quit"), caller, lane, endpoint, calls a second of the account and of an endpoint, most in flight,
-- horizon, the part of the lateness that is always kept (for sending), lateness, life of a call in
-- flight (ms), then the weight of each lane. Returns what to do and for how many ms: "go" (with the
-- instant) and "come" after a pause, "wait" for a turn or, "full", a place in flight so long.
local asked, caller, lane, endpoint, account_rate, endpoint_rate = unpack(ARGV, 1, 6)
local places, horizon, sending, lateness, life = unpack(ARGV, 7, 11)
local FIRST_WEIGHT, KEPT, PATIENCE = 12, 60000, 1000
local own_line = lane .. ' ' .. endpoint

local function key(...) return KEYS[1] .. ':' .. table.concat({...}, ':') end
local function number(name) return tonumber(redis.call('GET', key(name)) or 0) end
local function keep(name, value)
  redis.call('SET', key(name), string.format('%.3f', value), 'PX', KEPT)
end

-- Redis' own clock, made to stand still where its host sets it back.
local time = redis.call('TIME')
local last = redis.call('HMGET', key('clock'), 'at', 'ahead')
local ahead = tonumber(last[2] or 0)
local now = math.max(time[1] * 1000 + time[2] / 1000 + ahead, tonumber(last[1] or 0))
redis.call('HSET', key('clock'), 'at', now, 'ahead', now - time[1] * 1000 - time[2] / 1000)

local function limits_of(to)
  local limits = {}
  for name, rate in pairs({account = account_rate, ['endpoint:' .. to] = endpoint_rate}) do
    local second, most = 1000 * math.max(1, 1 / rate), math.max(1, math.floor(rate))
    table.insert(limits, {begun = key('begun', name), pace = 'pace:' .. name, most = most,
                          window = second + lateness, spacing = (second + sending) / most})
  end
  return limits
end

local function room()
  redis.call('ZREMRANGEBYSCORE', key('in_flight'), '-inf', now)
  return places - redis.call('ZCARD', key('in_flight'))
end

-- One caller waits for a place by a signal, which those who leave give; older ones do not count.
local function await_place()
  redis.call('DEL', key('freed'))
  keep('expected', now + PATIENCE)
  return {'full', PATIENCE}
end

-- Turns are on a grid that may lag behind, so that a late caller costs nothing; but they run ahead
-- of the instants by no more than the horizon, so that calls stay evenly spaced after a rush.
local function begin()
  local at, limits = now, limits_of(endpoint)
  for _, limit in ipairs(limits) do
    redis.call('ZREM', limit.begun, caller)
    redis.call('ZREMRANGEBYSCORE', limit.begun, '-inf', now - limit.window)
    local nth = redis.call('ZRANGE', limit.begun, -limit.most, -limit.most, 'WITHSCORES')[2]
    if nth then at = math.max(at, nth + limit.window) end
  end
  for _, limit in ipairs(limits) do
    redis.call('ZADD', limit.begun, at, caller)
    redis.call('PEXPIRE', limit.begun, KEPT)
    keep(limit.pace, math.max(number(limit.pace), at + limit.spacing - horizon))
  end
  redis.call('ZADD', key('in_flight'), now + life, caller)
  return {'go', math.ceil(at - now), string.format('%.3f', at)}
end

-- The line whose turn it is: one that is due within the horizon before others. Lanes share by
-- weight: each has a clock that a turn moves on by 1 / weight, the one that is behind goes first,
-- and one that was empty begins where the others are. A line whose last turn was not taken gets no
-- second one: perhaps nobody is left in it.
local function next_line()
  local first
  for _, name in ipairs(redis.call('SMEMBERS', key('lines'))) do
    redis.call('ZREMRANGEBYSCORE', key('line', name), '-inf', now)
    if redis.call('EXISTS', key('line', name)) == 0 then
      redis.call('SREM', key('lines'), name)
    elseif redis.call('EXISTS', key('turns', name)) == 0 then
      local of, to = string.match(name, '^(%d+) (.*)$')
      local clocks, due = redis.call('HMGET', key('lanes'), of, 'all'), now
      for _, limit in ipairs(limits_of(to)) do due = math.max(due, number(limit.pace)) end
      local one = {name = name, lane = of, to = to, due = due,
                   clock = math.max(tonumber(clocks[1] or 0), tonumber(clocks[2] or 0)),
                   over = math.max(0, due - now - horizon)}
      one.rank = string.format('%020.3f %020.4f %s %020.3f', one.over, one.clock, of, due)
      if not first or one.rank < first.rank then first = one end
    end
  end
  return first
end

-- Hand out the turns that fall due within the horizon, and at least one, so that somebody comes
-- and hands out the next. Returns the asking caller's own, when it is `alone` in its line.
local function hand_out(alone)
  local own, free, expected = nil, room(), number('expected')
  while true do
    local line = next_line()
    if not line or ((line.over > 0 or free <= 0) and expected > now) then return own end
    redis.call('ZPOPMIN', key('line', line.name))
    redis.call('HSET', key('lanes'), 'all', line.clock,
               line.lane, line.clock + 1 / ARGV[FIRST_WEIGHT + line.lane - 1])
    for _, limit in ipairs(limits_of(line.to)) do
      keep(limit.pace, math.max(number(limit.pace), now - horizon) + limit.spacing)
    end
    local turn = free > 0 and {'come', math.ceil(line.due - now)} or await_place()
    expected = math.max(expected, free > 0 and line.due or now + PATIENCE)
    keep('expected', expected)
    free = free - 1
    if alone and line.name == own_line then
      own = turn
    else
      redis.call('RPUSH', key('turns', line.name), turn[1] .. ' ' .. turn[2])
      redis.call('PEXPIRE', key('turns', line.name), 5 * PATIENCE)
    end
  end
end

if asked == 'come' or asked == 'freed' then
  -- Nobody else may be to come; at worst one more is asked to.
  if asked == 'freed' then redis.call('DEL', key('expected')) end
  redis.call('ZREM', key('in_flight'), caller)
  if room() <= 0 then return await_place() end
  local answer = begin()
  hand_out()
  return answer
end
if asked == 'quit' then
  redis.call('ZREM', key('line', own_line), caller)
  redis.call('DEL', key('expected'))
  hand_out()
  return {'quit', 0}
end
redis.call('ZREMRANGEBYSCORE', key('line', own_line), '-inf', now)
local before_me = redis.call('ZCARD', key('line', own_line))
-- Half as long again as the line takes at full rate; nobody knows how long calls take.
local patience = (room() > 0 and 1 or 5) * PATIENCE
                 + math.ceil(1500 * (before_me + 1) / math.min(account_rate, endpoint_rate))
redis.call('ZADD', key('line', own_line), now + patience + PATIENCE, caller)
redis.call('SADD', key('lines'), own_line)
local turn = hand_out(before_me == 0) or {'wait', patience}
return turn[1] == 'come' and turn[2] == 0 and begin() or turn
