-- What people and producers ask of builds.

-- The key of a build, taken in first if it still lies in the intake; nil if there is none.
local function find(farm, id, time, retention)
    local key = build_key(farm, id)
    if redis.call('EXISTS', key) == 0 and ingest(farm, time, retention, INTAKE_ENTRIES) > 0 then ring(farm) end
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

-- retry(intake; id, token): requeued, unknown, `newer ID` while a newer build of its `supersedes` key has not ended, or the state
-- of a build that is not FAILED or CANCELLED. The build starts over
-- under its id, with all its attempts; its log goes on. With the same token again, for a reply that was lost, it is requeued
-- once.
local function retry(keys, args)
    local farm, time, id = farm_of(keys), now(), args[1]
    if not is_identifier(id) then return invalid('retry wants the id of a build') end
    local key = build_key(farm, id)
    local is = redis.call('HMGET', key, 'state', 'request', 'retry')
    if not is[1] then return redis.status_reply('unknown') end
    if args[2] and args[2] == is[3] then return redis.status_reply('requeued') end
    if is[1] ~= 'FAILED' and is[1] ~= 'CANCELLED' then return redis.status_reply(is[1]) end
    local line = line_of(key)
    local newer = line and redis.call('HGET', farm.latest, line)
    if newer and newer ~= id then return redis.status_reply('newer ' .. newer) end
    if not is[2] or is[2] == '' then return invalid('the request of build ' .. id .. ' was too large to be kept') end
    for _, name in ipairs({key, log_key(farm, id), events_key(farm, id)}) do redis.call('PERSIST', name) end
    forget_end(farm, id)
    redis.call('HDEL', key, 'finishedAt', 'failures', 'deaths', 'supersededBy', 'cancelMessage', unpack(FAILURE_FIELDS))
    redis.call('HSET', key, 'attempt', '0', 'retry', is_identifier(args[2]) and args[2] or '')
    if line then redis.call('HSET', farm.latest, line, id) end
    wait_again(farm, key, id, 'requeued', time)
    return redis.status_reply('requeued')
end

-- Workers seen within the last minute, by name, with what they offer.
local function present_nodes(farm, time)
    local nodes = {}
    local seen = redis.call('ZRANGEBYSCORE', farm.workers, digits(time - 60000), '+inf', 'WITHSCORES')
    for index = 1, #seen, 2 do
        local offer = offer_of(redis.call('HGET', farm.nodes, seen[index])) or offer_of('{}')
        nodes[#nodes + 1] = {name = seen[index], seenAt = tonumber(seen[index + 1]), offer = offer}
    end
    return nodes
end

-- explain(intake; id): JSON about why a build waits, or nothing if it does not.
local function explain(keys, args)
    local farm, time, id = farm_of(keys), now(), args[1]
    if not is_identifier(id) then return invalid('explain wants the id of a build') end
    local key = build_key(farm, id)
    local is = redis.call('HMGET', key, 'state', 'notBefore', 'labels')
    if is[1] ~= 'PENDING' then return false end
    local tenant = tenant_of(key)
    local project, busy = project_of(key, tenant), tally(farm)
    local rank = redis.call('ZRANK', ready_key(farm, tenant), id)
    local before
    if project and rank and rank > 0 and not holds_project(farm, id) then
        for _, other in ipairs(redis.call('ZRANGE', ready_key(farm, tenant), '0', digits(math.min(rank, SCAN) - 1))) do
            if not before and project_of(build_key(farm, other), tenant) == project then before = other end
        end
    end
    local others = project and busy.projects[project] or 0
    if others > 0 and holds_project(farm, id) then others = others - 1 end
    local about = {
        tenant = tenant, notBefore = tonumber(is[2]), labels = is[3], position = rank and rank + 1 or nil,
        tenantRunning = busy.tenants[tenant] or 0, projectRunning = others, before = before, isFar = rank and rank >= SCAN or nil,
        workers = 0, fitting = 0, open = 0, tenantLimit = 0, projectLimit = 0,
    }
    for _, node in ipairs(present_nodes(farm, time)) do
        about.workers = about.workers + 1
        if fits(is[3], node.offer) then
            about.fitting = about.fitting + 1
            if node.offer.closed then
                about.closed = node.name .. ': ' .. node.offer.closed
            else
                about.open = about.open + 1
            end
        end
        about.tenantLimit = math.max(about.tenantLimit, node.offer.tenant_limit)
        about.projectLimit = math.max(about.projectLimit, node.offer.project_limit)
    end
    return cjson.encode(about)
end

-- overview(intake): JSON about all that waits and runs.
local function overview(keys)
    local farm, time = farm_of(keys), now()
    local busy, tenants, ready, oldest = tally(farm), {}, 0, nil
    local names, listed = redis.call('ZRANGE', farm.tenants, '0', '-1'), {}
    for _, tenant in ipairs(names) do listed[tenant] = true end
    for tenant in pairs(busy.tenants) do
        if not listed[tenant] then names[#names + 1] = tenant end
    end
    for _, tenant in ipairs(names) do
        local count = redis.call('ZCARD', ready_key(farm, tenant))
        if count > 0 or busy.tenants[tenant] then
            tenants[#tenants + 1] = {tenant = tenant, ready = count, running = busy.tenants[tenant] or 0}
        end
        ready = ready + count
        for _, id in ipairs(redis.call('ZRANGE', ready_key(farm, tenant), '0', '0')) do
            local created = tonumber(redis.call('HGET', build_key(farm, id), 'createdAt') or time)
            oldest = math.min(oldest or created, created)
        end
    end
    local workers = {}
    for _, node in ipairs(present_nodes(farm, time)) do
        workers[#workers + 1] = {name = node.name, seenAt = node.seenAt, closed = node.offer.closed}
    end
    return cjson.encode({
        ready = ready, running = redis.call('ZCARD', farm.leases), delayed = redis.call('ZCARD', farm.delayed),
        intake = redis.call('XLEN', farm.intake), buried = redis.call('ZCARD', farm.buried),
        oldestReadyMilliseconds = oldest and time - oldest or nil, tenants = tenants, workers = workers,
    })
end

-- What the functions call, and what workers and readers call beside them; with arguments, for rights may hang on keys.
local function needed(farm)
    local key = build_key(farm, 'x')
    return {
        {'TIME'}, {'INFO', 'server'}, {'EXISTS', key}, {'GETEX', key}, {'DEL', key}, {'COPY', key, key}, {'HGET', key, 'f'}, {'HMGET', key, 'f'}, {'HGETALL', key},
        {'HSET', key, 'f', 'v'}, {'HEXISTS', key, 'f'}, {'HDEL', key, 'f'}, {'HINCRBY', key, 'f', '1'}, {'HVALS', farm.running},
        {'PEXPIRE', key, '1000'}, {'PERSIST', key}, {'UNLINK', key}, {'GET', farm.prefix .. 'claim:x'},
        {'SET', farm.prefix .. 'claim:x', 'v', 'PX', '1000'}, {'ZADD', farm.leases, '1', 'x'}, {'ZREM', farm.leases, 'x'},
        {'ZCARD', farm.leases}, {'ZRANK', farm.leases, 'x'}, {'ZSCORE', farm.leases, 'x'}, {'ZRANGE', farm.leases, '0', '1'},
        {'ZREMRANGEBYRANK', farm.idle, '0', '1'}, {'ZREMRANGEBYSCORE', farm.idle, '0', '1'}, {'PTTL', key},
        {'ZREVRANGE', farm.builds, '0', '1'}, {'ZRANGEBYSCORE', farm.leases, '0', '1'}, {'XLEN', farm.intake},
        {'XADD', farm.intake, '*', 'request', 'v'}, {'XDEL', farm.intake, '1-1'}, {'XRANGE', farm.intake, '-', '+'},
        {'XREVRANGE', farm.cancels, '+', '-'}, {'XTRIM', farm.events, 'MAXLEN', '1'},
        {'XINFO', 'STREAM', farm.doorbell}, {'XREAD', 'STREAMS', farm.intake, farm.doorbell, '0', '0'},
    }
end

-- probe(intake): the names of commands that the queue needs and its caller may not call.
local function probe(keys)
    local denied, seen = {}, {}
    for _, command in ipairs(needed(farm_of(keys))) do
        if not seen[command[1]] and not redis.acl_check_cmd(unpack(command)) then
            seen[command[1]] = true
            denied[#denied + 1] = command[1]
        end
    end
    return denied
end

redis.register_function{function_name = 'slipway_v1_probe', callback = probe, flags = {'no-writes'}}
redis.register_function{function_name = 'slipway_v1_cancel', callback = cancel, flags = {'allow-oom'}}
redis.register_function('slipway_v1_retry', retry)
redis.register_function{function_name = 'slipway_v1_explain', callback = explain, flags = {'no-writes'}}
redis.register_function{function_name = 'slipway_v1_overview', callback = overview, flags = {'no-writes'}}
