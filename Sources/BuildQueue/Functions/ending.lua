-- How builds leave the queue, and how they come back to it.

local MAXIMUM_DELAY = 86400000
local FAILURE_FIELDS = {'failureFault', 'failureCode', 'failureMessage', 'failureOperation', 'failureRetryable'}

-- The logs of builds that have ended are in order of their ends: a score is the second of the end and, in its lower bits, the log's
-- size in KiB, so that what a log takes is known when nothing else of its build is left.
local LOG_SIZES = 2097152
-- What Redis needs for a line beside its text, about.
local LINE_BYTES = 64

-- Counts the log of a build that ends among those that the farm keeps.
local function count_log(farm, key, id, time)
    local bytes = 0
    for index, value in ipairs(redis.call('HMGET', key, 'logHeadBytes', 'logTailBytes', 'logHeadLines', 'logTailLines')) do
        bytes = bytes + (tonumber(value or '0') or 0) * (index > 2 and LINE_BYTES or 1)
    end
    local size = math.min(math.ceil(bytes / 1024), LOG_SIZES - 1)
    if size == 0 then return end
    redis.call('ZADD', farm.logs, digits(math.floor(time / 1000) * LOG_SIZES + size), id)
    redis.call('HINCRBY', farm.counters, 'logKilobytes', digits(size))
end

-- The log of a build no longer counts; how many KiB it had.
local function uncount_log(farm, id)
    local score = tonumber(redis.call('ZSCORE', farm.logs, id) or '0')
    if score == 0 then return 0 end
    redis.call('ZREM', farm.logs, id)
    redis.call('HINCRBY', farm.counters, 'logKilobytes', digits(-(score % LOG_SIZES)))
    return score % LOG_SIZES
end

-- Forgets that a build of this id has ended.
local function forget_end(farm, id)
    for _, set in ipairs({farm.expiring, farm.buried}) do redis.call('ZREM', set, id) end
    for state in pairs(TERMINAL) do redis.call('ZREM', farm.finished .. state, id) end
    uncount_log(farm, id)
end

-- Gives everything that a finished build leaves behind an end.
local function expire(farm, id, time, retention)
    for _, name in ipairs({build_key(farm, id), log_key(farm, id), events_key(farm, id)}) do
        redis.call('PEXPIRE', name, digits(retention))
    end
    redis.call('ZADD', farm.expiring, digits(time + retention), id)
end

-- Forgets a build that has ended, with all that is kept of it.
local function forget(farm, state, id)
    redis.call('UNLINK', build_key(farm, id), log_key(farm, id), events_key(farm, id))
    uncount_log(farm, id)
    for _, set in ipairs({farm.finished .. state, farm.builds, farm.buried, farm.expiring}) do
        redis.call('ZREM', set, id)
    end
end

-- Keeps of each state only what its limits allow: `limits` has, by state, `age` in milliseconds and `count`, 0 for any. A few
-- at a time; how many were forgotten.
local function trim(farm, time, limits)
    local forgotten = 0
    for state in pairs(TERMINAL) do
        local limit, set = limits[state] or {}, farm.finished .. state
        local ids = {}
        local age, count = tonumber(limit.age) or 0, tonumber(limit.count) or 0
        if age > 0 then ids = redis.call('ZRANGEBYSCORE', set, '-inf', digits(time - age), 'LIMIT', '0', '100') end
        if #ids == 0 and count > 0 then
            local excess = redis.call('ZCARD', set) - count
            if excess > 0 then ids = redis.call('ZRANGE', set, '0', digits(math.min(excess, 100) - 1)) end
        end
        for _, id in ipairs(ids) do
            if redis.call('HGET', build_key(farm, id), 'state') == state then
                forget(farm, state, id)
                forgotten = forgotten + 1
            else
                redis.call('ZREM', set, id)
            end
        end
    end
    return forgotten
end

-- Forgets builds whose hashes have expired, and workers not seen for a day; a few at a time.
local function tidy(farm, time)
    local gone = redis.call('ZRANGEBYSCORE', farm.expiring, '-inf', digits(time - 1), 'LIMIT', '0', '100')
    for _, id in ipairs(gone) do
        if redis.call('EXISTS', build_key(farm, id)) == 0 then
            redis.call('ZREM', farm.builds, id)
            forget_end(farm, id)
        end
        redis.call('ZREM', farm.expiring, id)
    end
    local old = redis.call('ZRANGEBYSCORE', farm.workers, '-inf', digits(time - WORKER_MEMORY), 'LIMIT', '0', '100')
    for _, worker in ipairs(old) do
        redis.call('ZREM', farm.workers, worker)
        redis.call('HDEL', farm.nodes, worker)
    end
end

-- Takes a build out of every set that says where it is. When its lease ends is left for the event that follows.
local function withdraw(farm, key, id)
    redis.call('ZREM', ready_key(farm, tenant_of(key)), id)
    redis.call('HDEL', farm.running, id)
    redis.call('ZREM', farm.delayed, id)
    redis.call('ZREM', farm.leases, id)
    local token = redis.call('HGET', key, 'claim')
    if token then redis.call('DEL', farm.prefix .. 'claim:' .. token) end
    redis.call('HDEL', key, 'claim', 'suspectSince', 'notBefore')
end

-- Lets a build wait again, at its old place.
local function wait_again(farm, key, id, kind, time)
    withdraw(farm, key, id)
    redis.call('HSET', key, 'state', 'PENDING', 'phase', '')
    redis.call('HDEL', key, 'owner', 'startedAt')
    make_ready(farm, key, id)
    -- What somebody sends again by hand has ended; whatever else comes back has not, and newer builds of its project wait.
    if kind ~= 'requeued' then hold_project(farm, key, id) end
    tell(farm, id, kind, time)
    ring(farm)
end

-- Lets a build wait until a time.
local function delay(farm, key, id, due)
    redis.call('HSET', key, 'state', 'PENDING', 'phase', '', 'notBefore', digits(due))
    redis.call('ZADD', farm.delayed, digits(due), id)
end

-- Makes those builds ready whose time has come; how many.
local function promote(farm, time)
    local due = redis.call('ZRANGEBYSCORE', farm.delayed, '-inf', digits(time), 'LIMIT', '0', '100')
    for _, id in ipairs(due) do
        local key = build_key(farm, id)
        redis.call('ZREM', farm.delayed, id)
        if redis.call('HGET', key, 'state') == 'PENDING' then
            redis.call('HDEL', key, 'notBefore')
            make_ready(farm, key, id)
            if redis.call('HEXISTS', key, 'failures') == 1 then hold_project(farm, key, id) end
        end
    end
    if #due > 0 then ring(farm) end
    return #due
end

local function line_of(key)
    local is = redis.call('HMGET', key, 'supersedes', 'organizationId')
    if not is[1] or is[1] == '' then return nil end
    return (is[2] or '') .. ' ' .. is[1]
end

-- Ends a build. `fields` is a flat list of names and values to write with it.
local function finish_build(farm, key, id, state, time, retention, fields)
    withdraw(farm, key, id)
    redis.call('HSET', key, 'state', state, 'finishedAt', digits(time), unpack(fields))
    redis.call('HDEL', key, 'cancelCode')
    redis.call('HINCRBY', farm.counters, state, 1)
    local line = line_of(key)
    if line and redis.call('HGET', farm.latest, line) == id then redis.call('HDEL', farm.latest, line) end
    -- What a limit or the project's order has held up may begin now.
    if redis.call('EXISTS', ready_key(farm, tenant_of(key))) == 1 then ring(farm) end
    -- What the code's owner has to put right is no dead letter: sending it again would not help.
    local fault = redis.call('HGET', key, 'failureFault')
    if state == 'FAILED' and fault ~= 'code' then redis.call('ZADD', farm.buried, digits(time), id) end
    redis.call('ZADD', farm.finished .. state, digits(time), id)
    count_log(farm, key, id, time)
    tell(farm, id, 'finished', time)
    expire(farm, id, time, retention)
end

local function failure_fields(fault, code, message)
    return {
        'failureFault', fault, 'failureCode', code, 'failureMessage', message, 'failureOperation', 'queue.' .. code,
        'failureRetryable', '0',
    }
end

-- Cancels a build that has not ended: one that waits ends at once, one that runs is told. `code` is `cancelled` or
-- `superseded`.
local function cancel_build(farm, id, code, message, time, retention)
    local key = build_key(farm, id)
    local is = redis.call('HMGET', key, 'state', 'epoch', 'cancelCode')
    if is[1] == 'PENDING' then
        finish_build(farm, key, id, 'CANCELLED', time, retention, failure_fields('cancelled', code, message))
        return 'CANCELLED'
    end
    if RUNNING[is[1]] and not is[3] then
        redis.call('HSET', key, 'cancelCode', code, 'cancelMessage', message)
        redis.call('XADD', farm.cancels, 'MAXLEN', '~', '1000', '*', 'deploymentId', id, 'epoch', is[2])
        tell(farm, id, 'cancelling', time)
    end
    return is[1]
end
