-- Whose turn it is. Each tenant has a queue of its own, and a clock that moves by a turn with every build that begins, the
-- slower the heavier its weight: the tenant whose clock is lowest comes next. Within a tenant builds come by age, with a
-- minute for every step of priority.

local TURN = 1000000
local PAGE = 256
local SCAN = 2048
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

-- The first build of a tenant that this worker may run, or nil; and how many were looked at. Once a build of a project was passed
-- over, its newer ones are too.
local function first_of(farm, tenant, busy, offer)
    local passed, known = {}, {}
    local first, seen = 0, 0
    while seen < SCAN do
        local removed = 0
        local ids = redis.call('ZRANGE', ready_key(farm, tenant), digits(first), digits(first + PAGE - 1))
        for _, id in ipairs(ids) do
            local key = build_key(farm, id)
            local is = redis.call('HMGET', key, 'state', 'labels')
            if is[1] ~= 'PENDING' then
                removed = removed + redis.call('ZREM', ready_key(farm, tenant), id)
            else
                local project = project_of(key, tenant)
                local may = true
                if project and (passed[project] or is_full(busy.projects[project], offer.project_limit)) then
                    -- One that comes back is itself what the newer ones of its project wait for, and waits for none of its kind.
                    may = holds_project(farm, id) and not is_full(busy.working[project], offer.project_limit)
                end
                if may and fits_known(is[2], offer, known) then return id, seen end
                if project and offer.project_limit > 0 then passed[project] = true end
            end
        end
        seen = seen + #ids
        if #ids < PAGE then break end
        -- What was removed has moved the others down.
        first = first + #ids - removed
    end
    return nil, seen
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
