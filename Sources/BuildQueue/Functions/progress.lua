-- How far a build is, and how it ends.

local PHASES = {
    cloning = true, detecting = true, installing = true, building = true, assembling = true, pushing = true,
    deploying = true,
}

-- What a worker may write into a build that ends.
local RESULT = {
    image = true, digest = true, sizeBytes = true, phases = true, commit = true, language = true, planDigest = true,
    deployment = true, rollbackDeploymentId = true, failureFault = true, failureCode = true, failureMessage = true, failureOperation = true,
    failureRetryable = true,
}

-- advance(intake; id, epoch, phase): OK. From `deploying` on the state is DEPLOYING; it never goes back.
local function advance(keys, args)
    local farm, id, phase = farm_of(keys), args[1], args[3]
    if not PHASES[phase] then return invalid('there is no phase ' .. tostring(phase)) end
    local key, lost = fence(farm, id, args[2], now())
    if not key then return lost end
    local is = redis.call('HMGET', key, 'state', 'phase')
    if is[2] == phase then return redis.status_reply('OK') end
    if is[1] == 'DEPLOYING' then return invalid('build ' .. id .. ' is DEPLOYING and cannot go back to ' .. phase) end
    redis.call('HSET', key, 'phase', phase)
    if phase == 'deploying' then redis.call('HSET', key, 'state', 'DEPLOYING') end
    tell(farm, id, 'phase', now())
    return redis.status_reply('OK')
end

-- The result as a flat list of names and values, which also has each value by its name.
local function result_fields(args)
    local fields = {}
    for index = 5, #args, 2 do
        if not RESULT[args[index]] or args[index + 1] == nil then return nil, tostring(args[index]) end
        fields[#fields + 1] = args[index]
        fields[#fields + 1] = args[index + 1]
        fields[args[index]] = args[index + 1]
    end
    return fields, nil
end

-- How long to wait before the next attempt: doubled with every failure, and with jitter any time up to that. The jitter
-- comes from id and epoch, for Redis' random numbers are the same in every call.
local function backoff(id, epoch, failures, base, jitters)
    local wait = math.min(MAXIMUM_DELAY, base * 2 ^ (failures - 1))
    if not jitters then return wait end
    return math.floor(wait * tonumber(string.sub(redis.sha1hex(id .. ' ' .. epoch), 1, 8), 16) / 4294967296)
end

-- Lets a build whose failure may pass wait for its next attempt; nil if it has none left.
local function try_again(farm, key, id, epoch, time, fields)
    local is = redis.call('HMGET', key, 'failures', 'attempts', 'backoffDelay', 'backoffJitter')
    local failures = tonumber(is[1] or '0') + 1
    if failures >= tonumber(is[2] or '3') then return nil end
    local due = time + backoff(id, epoch, failures, tonumber(is[3] or '2000'), is[4] == '1')
    withdraw(farm, key, id)
    redis.call('HSET', key, 'failures', digits(failures), unpack(fields))
    hold_project(farm, key, id)
    delay(farm, key, id, due)
    tell(farm, id, 'retrying', time)
    ring(farm)
    return {'retrying', digits(due)}
end

-- finish(intake; id, epoch, state, retention, {field, value}…): finished, already for a repeat of the same call, or
-- {retrying, when} if the failure may pass and an attempt is left. A failure of a build that was cancelled is CANCELLED.
local function finish(keys, args)
    local farm, id, epoch, state = farm_of(keys), args[1], args[2], args[3]
    local retention = whole(args[4], 1, 1e13)
    if not TERMINAL[state] then return invalid('a build cannot end as ' .. tostring(state)) end
    if not retention then return invalid('retention must be a whole number of milliseconds') end
    local fields, unknown = result_fields(args)
    if not fields then return invalid('a result has no field ' .. unknown) end
    local time = now()
    local is = redis.call('HMGET', build_key(farm, id), 'state', 'epoch', 'cancelCode', 'cancelMessage', 'notBefore')
    if is[2] == epoch and (is[1] == state or is[1] == 'CANCELLED' and state == 'FAILED') then
        return redis.status_reply('already')
    end
    if is[2] == epoch and is[1] == 'PENDING' and state == 'FAILED' then return {'retrying', is[5] or digits(time)} end
    local key, lost = fence(farm, id, epoch, time)
    if not key then return lost end
    if is[3] and state ~= 'SUCCESS' then
        state = 'CANCELLED'
        for _, word in ipairs(failure_fields('cancelled', is[3], is[4])) do fields[#fields + 1] = word end
    end
    if state == 'FAILED' and fields.failureRetryable == '1' then
        local again = try_again(farm, key, id, epoch, time, fields)
        if again then return again end
    end
    finish_build(farm, key, id, state, time, retention, fields)
    return redis.status_reply('finished')
end

redis.register_function{function_name = 'slipway_v1_advance', callback = advance, flags = {'allow-oom'}}
redis.register_function{function_name = 'slipway_v1_finish', callback = finish, flags = {'allow-oom'}}
