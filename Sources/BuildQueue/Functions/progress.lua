-- How far a build is, and how it ends.

local PHASES = {
    cloning = true, detecting = true, installing = true, building = true, assembling = true, pushing = true,
    deploying = true,
}

-- What a worker may write into a build that ends.
local RESULT = {
    image = true, digest = true, sizeBytes = true, phases = true, commit = true, language = true, planDigest = true,
    deployment = true, failureFault = true, failureCode = true, failureMessage = true, failureOperation = true,
    failureRetryable = true,
}

-- advance(intake; id, epoch, phase): OK. From `deploying` on the state is DEPLOYING; it never goes back.
local function advance(keys, args)
    local farm, id, phase = farm_of(keys), args[1], args[3]
    if not PHASES[phase] then return invalid('there is no phase ' .. tostring(phase)) end
    local key, lost = fence(farm, id, args[2])
    if not key then return lost end
    local is = redis.call('HMGET', key, 'state', 'phase')
    if is[2] == phase then return redis.status_reply('OK') end
    if is[1] == 'DEPLOYING' then return invalid('build ' .. id .. ' is DEPLOYING and cannot go back to ' .. phase) end
    redis.call('HSET', key, 'phase', phase)
    if phase == 'deploying' then redis.call('HSET', key, 'state', 'DEPLOYING') end
    tell(farm, id, 'phase', now())
    return redis.status_reply('OK')
end

local function result_fields(args)
    local fields = {}
    for index = 5, #args, 2 do
        if not RESULT[args[index]] or args[index + 1] == nil then return nil, tostring(args[index]) end
        fields[#fields + 1] = args[index]
        fields[#fields + 1] = args[index + 1]
    end
    return fields, nil
end

-- finish(intake; id, epoch, state, retention, {field, value}…): finished, or already for a repeat of the same call.
local function finish(keys, args)
    local farm, id, epoch, state = farm_of(keys), args[1], args[2], args[3]
    local retention = whole(args[4], 1, 1e13)
    if not TERMINAL[state] then return invalid('a build cannot end as ' .. tostring(state)) end
    if not retention then return invalid('retention must be a whole number of milliseconds') end
    local fields, unknown = result_fields(args)
    if not fields then return invalid('a result has no field ' .. unknown) end
    local is = redis.call('HMGET', build_key(farm, id), 'state', 'epoch')
    if is[1] == state and is[2] == epoch then return redis.status_reply('already') end
    local key, lost = fence(farm, id, epoch)
    if not key then return lost end
    local time = now()
    redis.call('HSET', key, 'state', state, 'finishedAt', digits(time), unpack(fields))
    redis.call('HDEL', key, 'leaseUntil', 'claim')
    redis.call('ZREM', farm.leases, id)
    redis.call('HINCRBY', farm.counters, state, 1)
    tell(farm, id, 'finished', time)
    expire(farm, id, time, retention)
    return redis.status_reply('finished')
end

redis.register_function{function_name = 'slipway_v1_advance', callback = advance, flags = {'allow-oom'}}
redis.register_function{function_name = 'slipway_v1_finish', callback = finish, flags = {'allow-oom'}}
