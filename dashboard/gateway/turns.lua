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
-- KEYS: what all names begin with. ARGV: what is asked ("enter", "come" with a turn or for a place,
-- "quit"), caller, lane, endpoint, calls a second of the account and of an endpoint, most in
-- flight, horizon, the part of the lateness that is always kept (for sending), lateness, life of a
-- call in flight (ms), then the weight of each lane. Returns what to do and for how many ms: "go"
-- (with the instant) and "come" after a pause, "wait" for a turn or, "full", a place so long; and
-- "down" to who would enter while the circuit is open for so long.
local asked, caller, lane, endpoint, account_rate, endpoint_rate = unpack(ARGV, 1, 6)
local places, horizon, sending, lateness, life = unpack(ARGV, 7, 11)
local FIRST_WEIGHT, KEPT, PATIENCE, LAG = 12, 60000, 1000, 200
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

-- A turn that was due before there is an instant for it shows that turns run ahead of the instants:
-- they wait, so that calls stay evenly spaced after a rush.
local function begin()
  local at, limits = now, limits_of(endpoint)
  for _, limit in ipairs(limits) do
    redis.call('ZREM', limit.begun, caller)
    redis.call('ZREMRANGEBYSCORE', limit.begun, '-inf', now - limit.window)
    local nth = redis.call('ZRANGE', limit.begun, -limit.most, -limit.most, 'WITHSCORES')[2]
    limit.at = nth and nth + limit.window or now
    at = math.max(at, limit.at)
  end
  for _, limit in ipairs(limits) do
    redis.call('ZADD', limit.begun, at, caller)
    redis.call('PEXPIRE', limit.begun, KEPT)
    if limit.at > now then
      keep(limit.pace, math.max(number(limit.pace), limit.at + limit.spacing - horizon))
    end
  end
  redis.call('ZADD', key('in_flight'), now + life, caller)
  return {'go', math.ceil(at - now), string.format('%.3f', at)}
end

-- The line whose turn it is: one that is due within the horizon before others. Lanes share by
-- weight: each has a clock that a turn moves on by 1 / weight, the one that is behind goes first,
-- and one that was empty begins where the others are. A line that did not take what was `handed` to
-- it by an earlier caller gets no more: perhaps nobody is left in it.
local function next_line(handed)
  local first
  for _, name in ipairs(redis.call('SMEMBERS', key('lines'))) do
    redis.call('ZREMRANGEBYSCORE', key('line', name), '-inf', now)
    if redis.call('EXISTS', key('line', name)) == 0 then
      redis.call('SREM', key('lines'), name)
    elseif handed[name] or redis.call('EXISTS', key('turns', name)) == 0 then
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
-- and hands out the next. Turns are on a grid. It may lag behind, so that callers who come late
-- cost nothing: several turns are due then. But where it lags far nobody was there, and an unused
-- second does not become a burst. Returns the asking caller's own turn, when it is `alone` in its
-- line.
local function hand_out(alone)
  local own, handed, free, expected = nil, {}, room(), number('expected')
  redis.call('ZREMRANGEBYSCORE', key('placeless'), '-inf', now)
  local is_anybody_placeless = redis.call('EXISTS', key('placeless')) == 1
  while true do
    local line = next_line(handed)
    local is_enough = expected > now or is_anybody_placeless
    if not line or (line.over > 0 and expected > now) or (free <= 0 and is_enough) then
      return own
    end
    redis.call('ZPOPMIN', key('line', line.name))
    redis.call('HSET', key('lanes'), 'all', line.clock,
               line.lane, line.clock + 1 / ARGV[FIRST_WEIGHT + line.lane - 1])
    for _, limit in ipairs(limits_of(line.to)) do
      local pace = number(limit.pace)
      keep(limit.pace, (pace < now - LAG and now - horizon or pace) + limit.spacing)
    end
    local turn = {'come', math.ceil(line.due - now)}
    expected, free = math.max(expected, line.due), free - 1
    keep('expected', expected)
    if alone and line.name == own_line then
      own = turn
    else
      handed[line.name] = true
      redis.call('RPUSH', key('turns', line.name), table.concat(turn, ' '))
      redis.call('PEXPIRE', key('turns', line.name), 5 * PATIENCE)
    end
  end
end

-- A caller without a place blocks on a signal that those who leave give; older ones do not count.
-- While there is one, nobody else is asked to come for a place.
local function come()
  redis.call('ZREM', key('in_flight'), caller)
  redis.call('ZREM', key('placeless'), caller)
  if room() <= 0 then
    redis.call('DEL', key('freed'))
    redis.call('ZADD', key('placeless'), now + 2 * PATIENCE, caller)
    return {'full', PATIENCE}
  end
  local answer = begin()
  hand_out()
  return answer
end

if asked == 'come' then return come() end
if asked == 'quit' then
  redis.call('ZREM', key('line', own_line), caller)
  redis.call('ZREM', key('placeless'), caller)
  redis.call('DEL', key('expected'))
  hand_out()
  return {'quit', 0}
end
local down = redis.call('PTTL', key('circuit', 'open'))
if down > 0 then return {'down', down} end
redis.call('ZREMRANGEBYSCORE', key('line', own_line), '-inf', now)
local before_me = redis.call('ZCARD', key('line', own_line))
-- Half as long again as the line takes at full rate; nobody knows how long calls take.
local patience = (room() > 0 and 1 or 5) * PATIENCE
                 + math.ceil(1500 * (before_me + 1) / math.min(account_rate, endpoint_rate))
redis.call('ZADD', key('line', own_line), now + patience + PATIENCE, caller)
redis.call('SADD', key('lines'), own_line)
local turn = hand_out(before_me == 0) or {'wait', patience}
return turn[1] == 'come' and turn[2] == 0 and come() or turn
