#!lua name=slipway_v1
-- revision 13
--
-- The queue's transitions. Redis runs each function alone and whole, but does not undo writes when one fails midway:
-- so every function reads and validates first, and writes last. Times are the server's, in milliseconds since 1970.
-- docs/contract.md describes every key and field.

local ID_LIMIT = 128
local REQUEST_LIMIT = 262144
local READABLE_LIMIT = 1048576
-- What one call takes of the intake at most: entries, and about as many bytes of them.
local INTAKE_ENTRIES = 500
local INTAKE_PAGE = 64
local INTAKE_BYTES = 4194304
local LABELS = 32
local DEAD_ENTRIES = 1000
local DEAD_EXCERPT = 4096
local FARM_EVENTS = 10000
local BUILD_EVENTS = 1000
local WORKER_MEMORY = 86400000
local RETENTION = 604800000
-- A step of priority is worth a minute's wait, in microseconds; a million steps and the time fit a double's 53 bits.
local PRIORITY_STEP = 60000000
local PRIORITY_LIMIT = 1000000

local RUNNING = {BUILDING = true, DEPLOYING = true}
local TERMINAL = {SUCCESS = true, FAILED = true, CANCELLED = true}

-- Decimal digits without an exponent, whatever the size.
local function digits(number)
    return string.format('%.0f', number)
end

local function now()
    local time = redis.call('TIME')
    return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function invalid(text)
    return redis.error_reply('INVALID ' .. text)
end

-- The farm's keys; the one key that is passed is the intake's, `slipway:{farm}:intake`.
local function farm_of(keys)
    local prefix = string.sub(keys[1], 1, -7)
    return {
        prefix = prefix,
        intake = prefix .. 'intake',
        builds = prefix .. 'builds',
        tenants = prefix .. 'tenants',
        idle = prefix .. 'idle',
        logs = prefix .. 'logs',
        running = prefix .. 'running',
        nodes = prefix .. 'nodes',
        leases = prefix .. 'leases',
        expiring = prefix .. 'expiring',
        workers = prefix .. 'workers',
        counters = prefix .. 'counters',
        events = prefix .. 'events',
        draft = prefix .. 'draft',
        dead = prefix .. 'dead',
        doorbell = prefix .. 'doorbell',
        delayed = prefix .. 'delayed',
        cancels = prefix .. 'cancels',
        latest = prefix .. 'latest',
        buried = prefix .. 'buried',
        finished = prefix .. 'finished:',
    }
end

-- A build's keys differ in what comes before the id: ids may hold colons, and none may look like another's log.
local function build_key(farm, id)
    return farm.prefix .. 'build:' .. id
end

local function log_key(farm, id)
    return farm.prefix .. 'log:' .. id
end

local function events_key(farm, id)
    return farm.prefix .. 'events:' .. id
end

-- A whole number argument within bounds, or nil.
local function whole(text, low, high)
    local number = tonumber(text)
    if not number or number ~= math.floor(number) or number < low or number > high then return nil end
    return number
end

local function is_identifier(id)
    return type(id) == 'string' and #id <= ID_LIMIT and string.find(id, '^%w[%w._:-]*$') ~= nil
end

-- Writes an event. What cannot be written, to a key that somebody has used for another thing, is counted: events are for those
-- who watch, and no transition stops half way for them.
local function write_event(farm, ...)
    local reply = redis.pcall(...)
    if type(reply) == 'table' and reply.err then redis.call('HINCRBY', farm.counters, 'eventsLost', 1) end
end

-- Appends an event, with the build's fields as they are now, to the build's own stream and the farm's. The farm's also says how
-- long the lease holds: who wants to know whether something was done in time finds it there.
local function tell(farm, id, kind, time)
    local key = build_key(farm, id)
    local is = redis.call('HMGET', key, 'state', 'phase', 'attempt', 'epoch', 'owner', 'failureCode', 'leaseUntil')
    local entry = {
        'type', kind, 'deploymentId', id, 'state', is[1] or '', 'phase', is[2] or '', 'attempt', is[3] or '0',
        'epoch', is[4] or '0', 'worker', is[5] or '', 'code', is[6] or '', 'time', digits(time),
    }
    local own = events_key(farm, id)
    if redis.call('EXISTS', own) == 1 then
        write_event(farm, 'XADD', own, 'MAXLEN', '~', BUILD_EVENTS, '*', unpack(entry))
    else
        -- Redis sets 4 KiB aside for what follows in a new stream, however long it takes; its copy has what it needs.
        write_event(farm, 'XADD', farm.draft, '*', unpack(entry))
        redis.call('COPY', farm.draft, own)
        redis.call('DEL', farm.draft)
    end
    write_event(farm, 'XADD', farm.events, 'MAXLEN', '~', FARM_EVENTS, '*', 'leaseUntil', is[7] or '', unpack(entry))
    -- The event that ends a lease is the last to need it.
    if is[7] and not RUNNING[is[1]] then redis.call('HDEL', key, 'leaseUntil', 'leaseLength') end
end

local function ring(farm)
    redis.call('XADD', farm.doorbell, 'MAXLEN', '1', '*', 'ring', '1')
end

-- The key of a build whose lease has this epoch; or nil and the error that says who has it now.
local function held(farm, id, epoch)
    local key = build_key(farm, id)
    local is = redis.call('HMGET', key, 'state', 'epoch', 'owner')
    if RUNNING[is[1]] and is[2] == epoch then return key, nil end
    local text = 'build ' .. id .. ' is '
    if not is[1] then
        text = text .. 'unknown'
    else
        text = text .. is[1] .. ' at epoch ' .. (is[2] or '0') .. ' of ' .. (is[3] or 'nobody')
    end
    return nil, redis.error_reply('LEASELOST ' .. text .. ', not at epoch ' .. epoch)
end

-- As `held`, and the lease must not have run out: a worker that was away for longer than its lease writes nothing, even
-- if nobody has taken the build from it yet. Only renewing is still open to it, and whoever was there all the time may: it is
-- not lost, for instance when the server's clock was put forward.
local function fence(farm, id, epoch, time)
    local key, lost = held(farm, id, epoch)
    if not key then return nil, lost end
    if tonumber(redis.call('HGET', key, 'leaseUntil') or '0') >= time then return key, nil end
    return nil, redis.error_reply('LEASEOVER the lease of build ' .. id .. ' at epoch ' .. epoch .. ' has run out')
end
