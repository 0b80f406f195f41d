-- Whose turn it is. Each tenant has a queue of its own, and a clock that moves by a turn with every build that begins, the
-- slower the heavier its weight: the tenant whose clock is lowest comes next. Within a tenant builds come by age, with a
-- minute for every step of priority.

local TURN = 1000000
local PAGE = 256
local SCAN = 2048
local LOOK_MEMORY = 600000
-- Builds and tenants that one claim looks at in all before it ends, to go on when it is made again: nobody waits longer for it.
local LOOKS = 4096
local IDLE = 10000

local function tenant_of(key)
    local tenant = redis.call('HGET', key, 'organizationId')
    -- No tenant can be called that: names begin with a letter or digit.
    if not tenant or tenant == '' then return '-' end
    return tenant
end

local function ready_key(farm, tenant)
    return farm.prefix .. 'ready:' .. tenant
end

-- The project whose deployments are kept in order, within its tenant; nil for a build that deploys nothing.
local function project_of(key, tenant)
    local is = redis.call('HMGET', key, 'projectId', 'deploy')
    if is[2] == '0' or not is_identifier(is[1]) then return nil end
    return tenant .. ' ' .. is[1]
end

-- Puts a build at its place among those that wait. A tenant that had none begins at the present turn: it owes nothing for
-- its absence, and is owed nothing.
local function make_ready(farm, key, id)
    local tenant, place = tenant_of(key), redis.call('HMGET', key, 'order', 'priority')
    redis.call('HDEL', farm.running, id)
    redis.call('ZADD', ready_key(farm, tenant), digits(tonumber(place[1]) - tonumber(place[2]) * PRIORITY_STEP), id)
    local turn = tonumber(redis.call('HGET', farm.counters, 'turn') or '0')
    local clock = tonumber(redis.call('ZSCORE', farm.tenants, tenant) or '-1')
    if clock < 0 then
        clock = tonumber(redis.call('ZSCORE', farm.idle, tenant) or '-1')
        if clock >= 0 then redis.call('ZREM', farm.idle, tenant) end
        redis.call('ZADD', farm.tenants, digits(math.max(turn, clock)), tenant)
    elseif clock < turn then
        redis.call('ZADD', farm.tenants, digits(turn), tenant)
    end
end

-- Notes that a build runs, for its tenant and its project.
local function occupy(farm, key, id)
    local tenant = tenant_of(key)
    redis.call('HSET', farm.running, id, '1 ' .. (project_of(key, tenant) or (tenant .. ' -')))
end

-- Notes that a build which waits for another attempt still stands in the way of the newer ones of its project.
local function hold_project(farm, key, id)
    local project = project_of(key, tenant_of(key))
    if project then redis.call('HSET', farm.running, id, '0 ' .. project) end
end

-- Whether a build that waits stands in the way of its project itself, because it has begun before.
local function holds_project(farm, id)
    return string.sub(redis.call('HGET', farm.running, id) or '', 1, 2) == '0 '
end

-- How many builds run by tenant and by project.
local function tally(farm)
    local busy = {tenants = {}, projects = {}, working = {}}
    for _, value in ipairs(redis.call('HVALS', farm.running)) do
        local runs, tenant, project = string.match(value, '^(%d) (%S+) (%S+)$')
        if runs == '1' then busy.tenants[tenant] = (busy.tenants[tenant] or 0) + 1 end
        if project and project ~= '-' then
            local name = tenant .. ' ' .. project
            busy.projects[name] = (busy.projects[name] or 0) + 1
            if runs == '1' then busy.working[name] = (busy.working[name] or 0) + 1 end
        end
    end
    return busy
end

-- What a worker offers, of the JSON it sends; nil if that is none.
local function offer_of(text)
    local decodes, offer = pcall(cjson.decode, text or '{}')
    if not decodes or type(offer) ~= 'table' then return nil end
    local labels = type(offer.labels) == 'table' and offer.labels or {}
    return {
        labels = labels,
        labels_size = #cjson.encode(labels),
        weights = type(offer.weights) == 'table' and offer.weights or {},
        tenant_limit = tonumber(offer.tenantLimit) or 0,
        project_limit = tonumber(offer.projectLimit) or 0,
        closed = type(offer.closed) == 'string' and offer.closed or nil,
        after = type(offer.after) == 'string' and offer.after or nil,
    }
end

-- Whether a worker has all labels that a build wants.
local function fits(wanted, offer)
    if not wanted or wanted == '' then return true end
    -- A part of the worker's labels is no longer than they are: so nobody's labels cost more than those to look at.
    if #wanted > offer.labels_size then return false end
    for name, value in pairs(cjson.decode(wanted)) do
        if offer.labels[name] ~= value then return false end
    end
    return true
end

-- The same, asked once for all builds that name the same labels.
local function fits_known(wanted, offer, known)
    local text = wanted or ''
    if known[text] == nil then known[text] = fits(wanted, offer) end
    return known[text]
end

local function is_full(count, limit)
    return limit > 0 and (count or 0) >= limit
end

-- What is known while the builds of one tenant are looked at: how many run, what the worker offers, the labels that were compared,
-- and the projects of which a build was passed over, so that their newer ones are too. `earlier` is a key with more of those.
local function look_at(tenant, busy, offer)
    return {tenant = tenant, busy = busy, offer = offer, known = {}, passed = {}, earlier = nil}
end

-- Whether a build's project lets it begin.
local function has_turn(farm, id, project, look)
    local limit = look.offer.project_limit
    if not project or not (look.passed[project] or is_full(look.busy.projects[project], limit)) then return true end
    -- One that comes back is itself what the newer ones of its project wait for, and waits for none of its kind.
    return holds_project(farm, id) and not is_full(look.busy.working[project], limit)
end

-- Whether a build that may begin is kept by an older one of its project that was passed over at an earlier claim.
local function is_kept(farm, id, project, look)
    if not project or not look.earlier or redis.call('HEXISTS', look.earlier, project) == 0 then return false end
    look.passed[project] = true
    return not has_turn(farm, id, project, look)
end

-- The first of some builds of a tenant that this worker may run, or nil; and how many of them wait no more, and were taken out.
local function first_among(farm, ids, look)
    local removed = 0
    for _, id in ipairs(ids) do
        local key = build_key(farm, id)
        local is = redis.call('HMGET', key, 'state', 'labels')
        if is[1] ~= 'PENDING' then
            removed = removed + redis.call('ZREM', ready_key(farm, look.tenant), id)
        else
            local project = project_of(key, look.tenant)
            local may = has_turn(farm, id, project, look) and fits_known(is[2], look.offer, look.known)
            if may and not is_kept(farm, id, project, look) then return id, removed end
            if project and look.offer.project_limit > 0 then look.passed[project] = true end
        end
    end
    return nil, removed
end

-- Where a worker's look at the builds further back stands, shared by all that offer the same.
local function place_key(farm, look)
    local words = {look.offer.tenant_limit, look.offer.project_limit}
    for name, value in pairs(look.offer.labels) do words[#words + 1] = tostring(name) .. '=' .. tostring(value) end
    table.sort(words, function(one, other) return tostring(one) < tostring(other) end)
    return farm.prefix .. 'look:' .. redis.sha1hex(table.concat(words, ' ')) .. ' ' .. look.tenant
end

-- Notes where the next claim goes on, and which projects it has to pass over beside those of `before`; forgets all when the last build
-- was looked at.
local function keep_place(look, place, before)
    if not place then return redis.call('UNLINK', look.earlier) end
    local fields = {'at', place}
    for project in pairs(look.passed) do
        if not before[project] then
            fields[#fields + 1] = project
            fields[#fields + 1] = ''
        end
        if #fields >= 1000 then
            redis.call('HSET', look.earlier, unpack(fields))
            fields = {}
        end
    end
    if #fields > 0 then redis.call('HSET', look.earlier, unpack(fields)) end
    redis.call('PEXPIRE', look.earlier, digits(LOOK_MEMORY))
end

-- The first build that this worker may run of those further back than a claim looks, or nil; and how many were looked at. Each claim
-- looks at a part of them, where the one before has ended: so whatever may not run keeps nobody's build waiting for ever.
local function first_further(farm, rank, look)
    local ready, before, seen, offset = ready_key(farm, look.tenant), {}, 0, 0
    look.earlier = place_key(farm, look)
    local place = redis.call('HGET', look.earlier, 'at')
    if place then
        for project in pairs(look.passed) do before[project] = true end
    else
        place = redis.call('ZRANGE', ready, digits(rank), digits(rank), 'WITHSCORES')[2]
    end
    if not place then return nil, 0 end
    while seen < SCAN do
        local ids = redis.call('ZRANGEBYSCORE', ready, place, '+inf', 'LIMIT', digits(offset), digits(PAGE))
        local id, removed = first_among(farm, ids, look)
        seen = seen + #ids
        if id then return id, seen end
        if #ids < PAGE then
            keep_place(look, nil, before)
            return nil, seen
        end
        -- What was removed has moved the others down.
        offset = offset + #ids - removed
    end
    local rest = redis.call('ZRANGEBYSCORE', ready, place, '+inf', 'WITHSCORES', 'LIMIT', digits(offset), '1')
    keep_place(look, rest[2], before)
    return nil, seen
end

-- The first build of a tenant that this worker may run, or nil; and how many were looked at.
local function first_of(farm, tenant, busy, offer)
    local look, first, seen = look_at(tenant, busy, offer), 0, 0
    while seen < SCAN do
        local ids = redis.call('ZRANGE', ready_key(farm, tenant), digits(first), digits(first + PAGE - 1))
        local id, removed = first_among(farm, ids, look)
        seen = seen + #ids
        if id or #ids < PAGE then return id, seen end
        first = first + #ids - removed
    end
    local id, more = first_further(farm, first, look)
    return id, seen + more
end

-- Takes a tenant without builds out of those who wait for their turn. A clock that is ahead is remembered, or coming back would be
-- worth a turn; any other one would begin at the present turn anyway.
local function set_aside(farm, tenant, clock, turn)
    redis.call('ZREM', farm.tenants, tenant)
    if clock <= turn then return end
    redis.call('ZADD', farm.idle, digits(clock), tenant)
    redis.call('ZREMRANGEBYRANK', farm.idle, '0', digits(-IDLE - 1))
end

-- Takes a build from its queue, and moves its tenant's clock.
local function take(farm, tenant, id, clock, turn, weight)
    redis.call('ZREM', ready_key(farm, tenant), id)
    redis.call('ZADD', farm.tenants, digits(clock + math.floor(TURN / math.max(1, weight))), tenant)
    if clock > turn then
        redis.call('HSET', farm.counters, 'turn', digits(clock))
        redis.call('ZREMRANGEBYSCORE', farm.idle, '-inf', digits(clock))
    end
end

-- Where in the list of tenants and clocks a claim begins that goes on after an earlier one: behind the tenant that was looked at last
-- where that is as it was, else at the first whose clock is no lower.
local function first_after(clocks, after)
    local clock, tenant = string.match(after or '', '^(%d+) (%S+)$')
    if not clock then return 1 end
    local first
    for index = 1, #clocks, 2 do
        local number = tonumber(clocks[index + 1])
        if clocks[index] == tenant and number == tonumber(clock) then return index + 2 end
        if not first and number >= tonumber(clock) then first = index end
    end
    return first or #clocks + 1
end

-- Takes the build whose turn it is from its queue; nil if there is none for this worker. Then the second value says whether that is
-- sure: it is the place to go on from when there were too many to look at.
local function pick(farm, offer)
    local turn, looks = tonumber(redis.call('HGET', farm.counters, 'turn') or '0'), 0
    local clocks, busy = redis.call('ZRANGE', farm.tenants, '0', '-1', 'WITHSCORES'), tally(farm)
    for index = first_after(clocks, offer.after), #clocks, 2 do
        local tenant, clock = clocks[index], tonumber(clocks[index + 1])
        local id, seen
        if not is_full(busy.tenants[tenant], offer.tenant_limit) then id, seen = first_of(farm, tenant, busy, offer) end
        if id then
            take(farm, tenant, id, clock, turn, tonumber(offer.weights[tenant]) or 1)
            return id
        end
        if redis.call('EXISTS', ready_key(farm, tenant)) == 0 then set_aside(farm, tenant, clock, turn) end
        looks = looks + 1 + (seen or 0)
        -- Workers from before there was such an end say nothing of it, and would begin anew.
        if offer.after and looks >= LOOKS and index + 2 < #clocks then return nil, digits(clock) .. ' ' .. tenant end
    end
    -- Where nobody waits nobody is owed a turn.
    if #clocks > 0 and redis.call('EXISTS', farm.tenants) == 0 then redis.call('UNLINK', farm.idle) end
    return nil
end
