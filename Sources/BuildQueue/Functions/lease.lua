-- The right to run a build: given, kept, given back.

local function last_ring(farm)
    local about = redis.pcall('XINFO', 'STREAM', farm.doorbell)
    if about.err then return '0-0' end
    for index = 1, #about - 1, 2 do
        if about[index] == 'last-generated-id' then return about[index + 1] end
    end
    return '0-0'
end

local function lease_reply(key, id, time)
    local is = redis.call('HMGET', key, 'epoch', 'attempt', 'leaseUntil', 'createdAt', 'request')
    return {'lease', id, is[1], is[2], is[3], digits(time), is[4], is[5]}
end

-- The lease that an earlier call with the same token took, if it is still held: that call's reply was lost.
local function repeated(farm, token, time)
    local id = redis.call('GET', farm.prefix .. 'claim:' .. token)
    if not id then return nil end
    local key = build_key(farm, id)
    local is = redis.call('HMGET', key, 'state', 'claim')
    if RUNNING[is[1]] and is[2] == token then return lease_reply(key, id, time) end
    return nil
end

-- Milliseconds until the first delayed build is due; -1 if there is none.
local function next_due(farm, time)
    local first = redis.call('ZRANGE', farm.delayed, '0', '0', 'WITHSCORES')
    if not first[2] then return '-1' end
    return digits(math.max(0, tonumber(first[2]) - time))
end

local function grant(farm, id, worker, token, lease, time)
    local key = build_key(farm, id)
    -- One counter for the whole farm: an id that is used again after its build expired still gets a higher epoch. It is never
    -- behind the clock: a replica that took over without the last grants must not give out their epochs again.
    local epoch = math.max(tonumber(redis.call('HGET', farm.counters, 'epoch') or '0') + 1, time)
    redis.call('HSET', farm.counters, 'epoch', digits(epoch))
    redis.call('HINCRBY', key, 'attempt', 1)
    redis.call('HSET', key, 'state', 'BUILDING', 'phase', '', 'epoch', digits(epoch), 'owner', worker,
        'claim', token, 'leaseUntil', digits(time + lease), 'leaseLength', digits(lease), 'startedAt', digits(time), 'logTaken', '0')
    redis.call('HDEL', key, 'suspectSince', unpack(FAILURE_FIELDS))
    redis.call('ZADD', farm.leases, digits(time + lease), id)
    occupy(farm, key, id)
    -- For longer than the lease: a worker that has the build and does not know it may come back after an outage, and renew it.
    redis.call('SET', farm.prefix .. 'claim:' .. token, id, 'PX', digits(lease * 10))
    tell(farm, id, 'claimed', time)
    return lease_reply(key, id, time)
end

-- claim(intake; worker, token, lease, retention, offer): {lease, id, epoch, attempt, leaseUntil, time, createdAt, request},
-- or {none, last id of the doorbell, milliseconds until a delayed build is due or -1}; 0 while there is more in the intake than one
-- call takes in: whose turn it is can only be said of builds that are known. A fourth value, with 0, says that there were more builds
-- to look at than one call does: the next one is to have it as `after`, and goes on there.
-- The offer is a JSON object: `labels` of the worker, `tenantLimit` and `projectLimit`, `weights` of tenants; `closed` says why the
-- worker takes no other build than the one that it lost the reply of; `after` is where an earlier call has ended,
-- or nothing in an empty string.
local function claim(keys, args)
    local worker, token = args[1], args[2]
    local lease, retention = whole(args[3], 1, 1e10), whole(args[4], 1, 1e13)
    if not is_identifier(worker) then return invalid('the worker needs a name of letters, digits, . _ : and -') end
    if not is_identifier(token) then return invalid('the claim needs a token') end
    if not lease or not retention then return invalid('lease and retention must be milliseconds') end
    local offer = offer_of(args[5])
    if not offer then return invalid('the offer must be a JSON object') end
    local farm, time = farm_of(keys), now()
    local known = repeated(farm, token, time)
    if known then return known end
    -- A worker that takes nothing asks for what an earlier call of it took and could not tell.
    if offer.closed then return {'none', last_ring(farm), '0'} end
    redis.call('ZADD', farm.workers, digits(time), worker)
    redis.call('HSET', farm.nodes, worker, args[5] or '{}')
    tidy(farm, time)
    local taken = ingest(farm, time, retention, INTAKE_ENTRIES)
    if redis.call('XLEN', farm.intake) > 0 then return {'none', last_ring(farm), '0'} end
    promote(farm, time)
    local id, place = pick(farm, offer)
    -- The intake told of them and says no more: of what this call leaves others hear by the doorbell.
    if taken > 1 or (taken == 1 and not id) then ring(farm) end
    if place then return {'none', last_ring(farm), '0', place} end
    if not id then return {'none', last_ring(farm), next_due(farm, time)} end
    return grant(farm, id, worker, token, lease, time)
end

-- renew(intake; id, epoch, lease): {leaseUntil, time, why the build is to stop or nothing, the same for people}.
-- The only call that a lease which has run out still allows: after an outage its owner may be the first to come back.
local function renew(keys, args)
    local farm, time, lease = farm_of(keys), now(), whole(args[3], 1, 1e10)
    if not lease then return invalid('lease must be milliseconds') end
    local key, lost = held(farm, args[1], args[2])
    if not key then return lost end
    redis.call('HSET', key, 'leaseUntil', digits(time + lease), 'leaseLength', digits(lease))
    redis.call('HDEL', key, 'suspectSince')
    redis.call('ZADD', farm.leases, digits(time + lease), args[1])
    local is = redis.call('HMGET', key, 'owner', 'cancelCode', 'cancelMessage')
    redis.call('ZADD', farm.workers, digits(time), is[1])
    return {digits(time + lease), digits(time), is[2] or '', is[2] and is[3] or ''}
end

-- confirm(intake; id, epoch): OK while the lease holds and the build is wanted. Asked before an effect that cannot be
-- taken back. It writes, so that a replica, and a primary that has lost its replicas (min-replicas-to-write), refuse it: what
-- they know may be old.
local function confirm(keys, args)
    local time = now()
    local key, lost = fence(farm_of(keys), args[1], args[2], time)
    if not key then return lost end
    local is = redis.call('HMGET', key, 'cancelCode', 'cancelMessage')
    if is[1] then return redis.error_reply('CANCELLED ' .. is[1] .. ' ' .. is[2]) end
    redis.call('HSET', key, 'confirmedAt', digits(time))
    return redis.status_reply('OK')
end

-- give_back(intake; id, epoch, retention): the build waits again at its old place, and this attempt does not count.
local function give_back(keys, args)
    local farm, time, id, epoch = farm_of(keys), now(), args[1], args[2]
    local is = redis.call('HMGET', build_key(farm, id), 'state', 'epoch', 'cancelCode', 'cancelMessage')
    local retention = whole(args[3] or RETENTION, 1, 1e13)
    if not retention then return invalid('retention must be a whole number of milliseconds') end
    if is[1] == 'PENDING' and is[2] == epoch then return redis.status_reply('OK') end
    local key, lost = fence(farm, id, epoch, time)
    if not key then return lost end
    redis.call('HINCRBY', key, 'attempt', -1)
    if is[3] then
        finish_build(farm, key, id, 'CANCELLED', time, retention, failure_fields('cancelled', is[3], is[4]))
    else
        wait_again(farm, key, id, 'given_back', time)
    end
    return redis.status_reply('OK')
end

-- announce(intake; worker, offer): OK. Of a worker that is there and takes no build now; its offer's `closed` says why.
local function announce(keys, args)
    local farm, worker = farm_of(keys), args[1]
    if not is_identifier(worker) then return invalid('the worker needs a name of letters, digits, . _ : and -') end
    if not offer_of(args[2]) then return invalid('the offer must be a JSON object') end
    redis.call('ZADD', farm.workers, digits(now()), worker)
    redis.call('HSET', farm.nodes, worker, args[2])
    return redis.status_reply('OK')
end

redis.register_function{function_name = 'slipway_v1_announce', callback = announce, flags = {'allow-oom'}}
redis.register_function{function_name = 'slipway_v1_claim', callback = claim, flags = {'allow-oom'}}
redis.register_function{function_name = 'slipway_v1_renew', callback = renew, flags = {'allow-oom'}}
redis.register_function{function_name = 'slipway_v1_confirm', callback = confirm, flags = {'allow-oom'}}
redis.register_function{function_name = 'slipway_v1_give_back', callback = give_back, flags = {'allow-oom'}}
