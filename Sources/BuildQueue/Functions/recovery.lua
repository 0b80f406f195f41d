-- What happens when nobody else is there to do it: builds of workers that are gone, and builds whose time has come.

local DEATHS = 3
-- Builds that one look takes, or marks, at most.
local REAPED = 500
local LAST_LINES = 5
local LAST_LINE_BYTES = 500

-- The longest lease that a build has now, in milliseconds, and at least `lease`. Workers of one farm may have leases of different
-- length, as while their configuration changes.
local function longest_lease(farm, lease)
    for _, id in ipairs(redis.call('ZRANGE', farm.leases, '0', '-1')) do
        lease = math.max(lease, tonumber(redis.call('HGET', build_key(farm, id), 'leaseLength') or '0'))
    end
    return lease
end

-- Whether owners may not have had a full lease's time to renew: the server is another one than before, or was away, or its
-- clock jumped. Known by the server's run id and by the time since this was last asked. Then all get the longest lease's time.
local function is_quiet(farm, time, lease)
    local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
    local was = redis.call('HMGET', farm.counters, 'serverRun', 'tendedAt', 'quietUntil')
    local last, quiet = tonumber(was[2] or '0'), tonumber(was[3] or '0')
    if was[1] ~= run or time < last or time - last > lease / 2 then quiet = time + longest_lease(farm, lease) end
    redis.call('HSET', farm.counters, 'serverRun', run, 'tendedAt', digits(time), 'quietUntil', digits(quiet))
    return time < quiet
end

local function last_lines(farm, id)
    local texts = {}
    for _, entry in ipairs(redis.call('XREVRANGE', log_key(farm, id), '+', '-', 'COUNT', LAST_LINES)) do
        table.insert(texts, 1, string.sub(entry[2][10], 1, LAST_LINE_BYTES))
    end
    return table.concat(texts, '\n')
end

-- Takes a build from a worker that is gone.
local function recover(farm, key, id, time, retention)
    local is = redis.call('HMGET', key, 'owner', 'cancelCode', 'cancelMessage')
    local deaths = redis.call('HINCRBY', key, 'deaths', 1)
    if is[2] then
        local fields = failure_fields('cancelled', is[2], is[3])
        return finish_build(farm, key, id, 'CANCELLED', time, retention, fields)
    end
    if deaths < DEATHS then return wait_again(farm, key, id, 'recovered', time) end
    local message = 'It lost its worker ' .. deaths .. ' times, the last one was ' .. (is[1] or 'unknown')
        .. ', and is not run again by itself. The last lines of its log:\n' .. last_lines(farm, id)
    finish_build(farm, key, id, 'FAILED', time, retention, failure_fields('platform', 'quarantined', message))
end

-- Recovers builds whose leases ran out: the first look marks them, a later one, `gap` milliseconds after it, takes them.
local function reap(farm, time, retention, gap)
    local reaped = 0
    for _, id in ipairs(redis.call('ZRANGEBYSCORE', farm.leases, '-inf', digits(time - 1), 'LIMIT', '0', digits(REAPED))) do
        local key = build_key(farm, id)
        local is = redis.call('HMGET', key, 'state', 'suspectSince')
        if not RUNNING[is[1]] then
            redis.call('ZREM', farm.leases, id)
            redis.call('HDEL', farm.running, id)
        elseif not is[2] then
            redis.call('HSET', key, 'suspectSince', digits(time))
        elseif time - tonumber(is[2]) >= gap then
            recover(farm, key, id, time, retention)
            reaped = reaped + 1
        end
    end
    return reaped
end

-- tend(intake; lease, retention, gap, limits): {builds recovered, delayed builds that became ready, builds forgotten}. Every
-- worker calls it every few seconds; it never matters which. The limits are a JSON object: `age` and `count` by state, and
-- `logBytes` of all builds that have ended.
local function tend(keys, args)
    local lease, retention, gap = whole(args[1], 1, 1e10), whole(args[2], 1, 1e13), whole(args[3], 1, 1e10)
    if not lease or not retention or not gap then return invalid('lease, retention and gap must be milliseconds') end
    local decodes, limits = pcall(cjson.decode, args[4] or '{}')
    if not decodes or type(limits) ~= 'table' then return invalid('the limits must be a JSON object') end
    local farm, time = farm_of(keys), now()
    -- Here too, for a worker without a free slot does not claim: what came in may supersede a build that runs.
    if ingest(farm, time, retention, INTAKE_ENTRIES) > 0 then ring(farm) end
    local promoted = promote(farm, time)
    tidy(farm, time)
    local forgotten = trim(farm, time, limits)
    trim_logs(farm, time, tonumber(limits.logBytes) or 0)
    if is_quiet(farm, time, lease) then return {0, promoted, forgotten} end
    return {reap(farm, time, retention, gap), promoted, forgotten}
end

redis.register_function{function_name = 'slipway_v1_tend', callback = tend, flags = {'allow-oom'}}
