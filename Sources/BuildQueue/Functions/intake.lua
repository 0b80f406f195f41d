-- How a request becomes a build.

-- A request's text as a table with a usable deploymentId; or nil and what is wrong.
local function decode(text)
    if #text > READABLE_LIMIT then
        return nil, 'the request has ' .. #text .. ' bytes; at most ' .. REQUEST_LIMIT .. ' are taken'
    end
    local decodes, request = pcall(cjson.decode, text)
    if not decodes then return nil, 'the request is not JSON: ' .. tostring(request) end
    if type(request) ~= 'table' then return nil, 'the request is not a JSON object' end
    if request.deploymentId == nil then return nil, 'the request has no deploymentId' end
    if not is_identifier(request.deploymentId) then
        return nil, 'deploymentId must be a string of 1 to ' .. ID_LIMIT
            .. " letters, digits, '.', '_', ':' and '-' that starts with a letter or digit"
    end
    return request, nil
end

local function is_labels(labels)
    if type(labels) ~= 'table' then return false end
    local count = 0
    for name, value in pairs(labels) do
        count = count + 1
        if count > LABELS or not is_identifier(name) or not is_identifier(value) then return false end
    end
    return true
end

-- What of a request no worker could do right, or no worker would ever take; nil if nothing.
local function misfit(request)
    local words = 'letters, digits, \'.\', \'_\', \':\' and \'-\' that start with a letter or digit'
    if request.projectId ~= nil and not is_identifier(request.projectId) then
        return 'projectId must be a string of 1 to ' .. ID_LIMIT .. ' ' .. words
    end
    if request.labels ~= nil and request.labels ~= cjson.null and not is_labels(request.labels) then
        return 'labels must be an object of at most ' .. LABELS .. ' members whose names and values are ' .. words
    end
    return nil
end

local function short_text(value, limit)
    if type(value) == 'string' and #value <= limit then return value end
    return ''
end

-- A URL without the user and password that it may hold.
local function without_login(url)
    return (string.gsub(url, '^(%a[%w+.-]*://)[^/]*@', '%1'))
end

local function priority_of(request)
    local priority = request.priority
    if type(priority) ~= 'number' or priority ~= priority then return 0 end
    return math.floor(math.max(-PRIORITY_LIMIT, math.min(PRIORITY_LIMIT, priority)))
end

local function bounded(value, low, high, fallback)
    if type(value) ~= 'number' or value ~= math.floor(value) or value < low or value > high then return fallback end
    return value
end

-- Microseconds since 1970, and more than any before: the order of arrival.
local function next_order(farm, time)
    local last = tonumber(redis.call('HGET', farm.counters, 'lastOrder') or '0')
    local order = math.max(last + 1, time * 1000)
    redis.call('HSET', farm.counters, 'lastOrder', digits(order))
    redis.call('HINCRBY', farm.counters, 'enqueued', 1)
    return order
end

-- The labels that a worker needs, as a JSON object of strings; empty if it may be any.
local function labels_of(request)
    local labels = {}
    if type(request.labels) == 'table' then
        for name, value in pairs(request.labels) do
            if type(name) == 'string' and type(value) == 'string' then labels[name] = value end
        end
    end
    return next(labels) and cjson.encode(labels) or ''
end

-- Whether a build changes the cluster, and so takes its project's turn. A rollback does, whatever else the request says.
local function deploys(request)
    if request.rollback == true or type(request.rollback) == 'string' then return true end
    return request.deploy ~= false and request.deploy ~= 'none' and request.deploy ~= 'render'
end

-- Nothing for a number that readers take where there is none.
local function unless(number, default)
    return number == default and '' or digits(number)
end

-- Writes the fields of a new build. Those that have nothing to say yet, or only what readers take anyway, stay away: each would
-- cost every build that waits 64 bytes or more.
local function begin(farm, request, text, order, priority, time)
    local id = request.deploymentId
    local backoff = type(request.backoff) == 'table' and request.backoff or {}
    local fields = {
        'request', text, 'id', id, 'state', 'PENDING',
        'priority', digits(priority), 'order', digits(order), 'createdAt', digits(time),
        'attempts', digits(bounded(request.attempts, 1, 100, 3)),
        'deploy', deploys(request) and '1' or '0',
    }
    local optional = {
        backoffDelay = unless(bounded(backoff.delay, 0, MAXIMUM_DELAY, 2000), 2000),
        backoffJitter = backoff.jitter == true and '1' or '',
        projectId = short_text(request.projectId, 128),
        organizationId = is_identifier(request.organizationId) and request.organizationId or '',
        labels = labels_of(request),
        supersedes = is_identifier(request.supersedes) and request.supersedes or '',
        repositoryUrl = without_login(short_text(request.repositoryUrl, 2048)),
        branch = short_text(request.branch, 255),
    }
    for name, value in pairs(optional) do
        if value ~= '' then
            fields[#fields + 1] = name
            fields[#fields + 1] = value
        end
    end
    redis.call('UNLINK', log_key(farm, id), events_key(farm, id))
    -- A build of the same id whose time was over, and that nobody has tidied up yet.
    if redis.call('ZSCORE', farm.expiring, id) then forget_end(farm, id) end
    redis.call('HSET', build_key(farm, id), unpack(fields))
    redis.call('ZADD', farm.builds, digits(time), id)
end

-- Cancels the older build of the same `supersedes` key and remembers this one.
local function supersede(farm, key, id, time, retention)
    local line = line_of(key)
    if not line then return end
    local older = redis.call('HGET', farm.latest, line)
    redis.call('HSET', farm.latest, line, id)
    if not older or older == id or redis.call('EXISTS', build_key(farm, older)) == 0 then return end
    redis.call('HSET', build_key(farm, older), 'supersededBy', id)
    cancel_build(farm, older, 'superseded', 'Superseded by the newer build ' .. id .. '.', time, retention)
end

-- Writes a new build and lets it wait.
local function write_build(farm, request, text, time)
    local id = request.deploymentId
    local key = build_key(farm, id)
    begin(farm, request, text, next_order(farm, time), priority_of(request), time)
    local wait = bounded(request.delay, 0, MAXIMUM_DELAY * 30, 0)
    if wait > 0 then delay(farm, key, id, time + wait) else make_ready(farm, key, id) end
end

-- Takes back what `write_build` has written before it failed: a farm's key that somebody has used for another thing is no
-- reason to leave half a build.
local function take_back(farm, request)
    local id, tenant = request.deploymentId, request.organizationId
    redis.call('UNLINK', build_key(farm, id))
    for _, set in ipairs({farm.builds, farm.delayed, ready_key(farm, is_identifier(tenant) and tenant or '-')}) do
        redis.pcall('ZREM', set, id)
    end
end

-- Makes the build of a decoded request; false if there is one with its id.
local function create(farm, request, text, time, retention)
    local id = request.deploymentId
    local key = build_key(farm, id)
    if redis.call('EXISTS', key) == 1 then return false end
    local is_written, problem = pcall(write_build, farm, request, text, time)
    if not is_written then
        take_back(farm, request)
        error(problem)
    end
    tell(farm, id, 'queued', time)
    supersede(farm, key, id, time, retention)
    return true
end

-- Makes a build that has failed already, for a request that names its build but cannot be run.
local function refuse(farm, request, reason, time, retention)
    local id = request.deploymentId
    local key = build_key(farm, id)
    if redis.call('EXISTS', key) == 1 then return end
    -- Neither the text nor what is wrong in it is kept as if it were right.
    request.projectId = is_identifier(request.projectId) and request.projectId or ''
    request.labels = nil
    begin(farm, request, '', next_order(farm, time), priority_of(request), time)
    finish_build(farm, key, id, 'FAILED', time, retention, failure_fields('code', 'invalid_request', reason))
end

local function bury(farm, entry, text, reason, time)
    redis.call('XADD', farm.dead, 'MAXLEN', DEAD_ENTRIES, '*', 'reason', reason, 'entry', entry,
        'time', digits(time), 'request', string.sub(text, 1, DEAD_EXCERPT))
    redis.call('HINCRBY', farm.counters, 'dead', 1)
end

local function take_entry(farm, entry, fields, time, retention)
    local text
    for index = 1, #fields - 1, 2 do
        if fields[index] == 'request' then text = fields[index + 1] end
    end
    if not text then return bury(farm, entry, '', "the entry has no field 'request'", time) end
    local request, reason = decode(text)
    if not request then return bury(farm, entry, text, reason, time) end
    if #text > REQUEST_LIMIT then
        reason = 'The request has ' .. #text .. ' bytes; at most ' .. REQUEST_LIMIT .. ' are taken.'
        return refuse(farm, request, reason, time, retention)
    end
    reason = misfit(request)
    if reason then return refuse(farm, request, 'The request cannot be taken: ' .. reason .. '.', time, retention) end
    create(farm, request, text, time, retention)
end

local function take_in(farm, entry, time, retention)
    local took, problem = pcall(take_entry, farm, entry[1], entry[2], time, retention)
    if not took then
        local words = type(problem) == 'table' and problem.err or tostring(problem)
        bury(farm, entry[1], '', 'it could not be taken in: ' .. words, time)
    end
    redis.call('XDEL', farm.intake, entry[1])
end

local function size_of(fields)
    local size = 0
    for _, field in ipairs(fields) do size = size + #field end
    return size
end

-- Turns up to `limit` entries of the intake into builds, fewer if they are large. An entry is deleted in the same step that took
-- it in, so that none is lost or taken twice; one that cannot be taken at all becomes a dead letter and never blocks the rest.
local function ingest(farm, time, retention, limit)
    local taken, bytes = 0, 0
    while taken < limit and bytes < INTAKE_BYTES do
        local count = math.min(INTAKE_PAGE, limit - taken)
        local entries = redis.call('XRANGE', farm.intake, '-', '+', 'COUNT', digits(count))
        for _, entry in ipairs(entries) do
            bytes = bytes + size_of(entry[2])
            take_in(farm, entry, time, retention)
        end
        taken = taken + #entries
        if #entries < count then break end
    end
    return taken
end

-- enqueue(intake; request, retention): {created, id} or {exists, id, state}. Without a retention, 7 days.
local function enqueue(keys, args)
    local farm = farm_of(keys)
    local text = args[1] or ''
    local request, reason = decode(text)
    if not request then return invalid(reason) end
    if #text > REQUEST_LIMIT then
        return invalid('the request has ' .. #text .. ' bytes; at most ' .. REQUEST_LIMIT .. ' are taken')
    end
    reason = misfit(request)
    if reason then return invalid(reason) end
    local id = request.deploymentId
    if not create(farm, request, text, now(), whole(args[2], 1, 1e13) or RETENTION) then
        return {'exists', id, redis.call('HGET', build_key(farm, id), 'state')}
    end
    ring(farm)
    return {'created', id}
end

-- ingest(intake; retention): how many entries were taken in. For readers who ask for a build before a worker had room.
local function ingest_call(keys, args)
    local retention = whole(args[1], 1, 1e13)
    if not retention then return invalid('retention must be a whole number of milliseconds') end
    local farm = farm_of(keys)
    local count = ingest(farm, now(), retention, INTAKE_ENTRIES)
    if count > 0 then ring(farm) end
    return count
end

redis.register_function{function_name = 'slipway_v1_enqueue', callback = enqueue}
redis.register_function{function_name = 'slipway_v1_ingest', callback = ingest_call, flags = {'allow-oom'}}
