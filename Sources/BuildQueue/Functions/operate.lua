-- What people and producers ask of builds.

-- The key of a build, taken in first if it still lies in the intake; nil if there is none.
local function find(farm, id, time, retention)
    local key = build_key(farm, id)
    if redis.call('EXISTS', key) == 0 and ingest(farm, time, retention, 1000) > 0 then ring(farm) end
    return redis.call('EXISTS', key) == 1 and key or nil
end

-- cancel(intake; id, retention): the state right after. A build that waits ends at once; one that runs is told, and ends
-- when its worker has stopped it. One that has ended stays as it is.
local function cancel(keys, args)
    local farm, time, id = farm_of(keys), now(), args[1]
    local retention = whole(args[2] or RETENTION, 1, 1e13)
    if not is_identifier(id) then return invalid('cancel wants the id of a build') end
    if not retention then return invalid('retention must be a whole number of milliseconds') end
    if not find(farm, id, time, retention) then return redis.status_reply('unknown') end
    return redis.status_reply(cancel_build(farm, id, 'cancelled', 'Cancelled on request.', time, retention))
end

-- retry(intake; id): requeued, unknown, or the state of a build that is not FAILED or CANCELLED. The build starts over
-- under its id, with all its attempts; its log goes on.
local function retry(keys, args)
    local farm, time, id = farm_of(keys), now(), args[1]
    if not is_identifier(id) then return invalid('retry wants the id of a build') end
    local key = build_key(farm, id)
    local is = redis.call('HMGET', key, 'state', 'request')
    if not is[1] then return redis.status_reply('unknown') end
    if is[1] ~= 'FAILED' and is[1] ~= 'CANCELLED' then return redis.status_reply(is[1]) end
    if not is[2] or is[2] == '' then return invalid('the request of build ' .. id .. ' was too large to be kept') end
    for _, name in ipairs({key, log_key(farm, id), events_key(farm, id)}) do redis.call('PERSIST', name) end
    redis.call('ZREM', farm.expiring, id)
    redis.call('ZREM', farm.buried, id)
    redis.call('HDEL', key, 'finishedAt', 'failures', 'deaths', 'supersededBy', 'cancelMessage', unpack(FAILURE_FIELDS))
    redis.call('HSET', key, 'attempt', '0')
    wait_again(farm, key, id, 'requeued', time)
    return redis.status_reply('requeued')
end

redis.register_function{function_name = 'slipway_v1_cancel', callback = cancel, flags = {'allow-oom'}}
redis.register_function('slipway_v1_retry', retry)
