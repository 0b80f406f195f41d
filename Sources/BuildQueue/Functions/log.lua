-- A build's log: entries numbered from 1, the head kept whole, then only the tail.

local function number_of(value)
    return tonumber(value or '0') or 0
end

local function write_entry(log, sequence, attempt, line)
    redis.call('XADD', log, digits(sequence) .. '-0', 'time', line[1], 'stream', line[2], 'phase', line[3],
        'attempt', attempt, 'text', line[4])
end

-- Removes the oldest lines of the tail until it is within its limits.
local function shorten_tail(log, is, limits)
    while is.tail_lines > limits.tail_lines or (is.tail_bytes > limits.tail_bytes and is.tail_lines > 1) do
        local first = redis.call('XRANGE', log, digits(is.head_end + is.dropped + 1) .. '-0', '+', 'COUNT', '1')[1]
        if not first then return end
        redis.call('XDEL', log, first[1])
        is.tail_bytes = is.tail_bytes - #first[2][10]
        is.tail_lines = is.tail_lines - 1
        is.dropped = is.dropped + 1
    end
end

local function marker(time, text)
    return {digits(time), 'system', '', text}
end

-- Appends a line within the limits; the first line beyond the head is preceded by one that says so.
local function append(log, is, limits, line, time)
    local size = #line[4]
    if is.head_end == 0 then
        if is.head_lines < limits.head_lines and is.head_bytes + size <= limits.head_bytes then
            is.sequence = is.sequence + 1
            is.head_lines, is.head_bytes = is.head_lines + 1, is.head_bytes + size
            return write_entry(log, is.sequence, is.attempt, line)
        end
        local text = 'The log is over its limit: of what follows only the last lines are kept.'
        is.sequence = is.sequence + 1
        write_entry(log, is.sequence, is.attempt, marker(time, text))
        is.head_end = is.sequence
    end
    is.sequence = is.sequence + 1
    is.tail_lines, is.tail_bytes = is.tail_lines + 1, is.tail_bytes + size
    write_entry(log, is.sequence, is.attempt, line)
    shorten_tail(log, is, limits)
end

local function load_log(key)
    local is = redis.call('HMGET', key, 'logLines', 'logHeadLines', 'logHeadBytes', 'logHeadEnd', 'logTailLines',
        'logTailBytes', 'logDropped', 'logTaken', 'attempt')
    return {
        sequence = number_of(is[1]), head_lines = number_of(is[2]), head_bytes = number_of(is[3]),
        head_end = number_of(is[4]), tail_lines = number_of(is[5]), tail_bytes = number_of(is[6]),
        dropped = number_of(is[7]), taken = number_of(is[8]), attempt = is[9] or '0',
    }
end

local function save_log(key, is)
    redis.call('HSET', key, 'logLines', digits(is.sequence), 'logHeadLines', digits(is.head_lines),
        'logHeadBytes', digits(is.head_bytes), 'logHeadEnd', digits(is.head_end), 'logTailLines',
        digits(is.tail_lines), 'logTailBytes', digits(is.tail_bytes), 'logDropped', digits(is.dropped),
        'logTaken', digits(is.taken))
end

local function log_arguments(args)
    local first = whole(args[3], 1, 1e15)
    local limits = {
        head_lines = whole(args[4], 1, 1e9), head_bytes = whole(args[5], 1, 1e12),
        tail_lines = whole(args[6], 1, 1e9), tail_bytes = whole(args[7], 1, 1e12),
    }
    local complete = limits.head_lines and limits.head_bytes and limits.tail_lines and limits.tail_bytes
    if not first or not complete or (#args - 7) % 4 ~= 0 then return nil end
    return first, limits
end

-- log(intake; id, epoch, first, head lines, head bytes, tail lines, tail bytes, {time, stream, phase, text}…):
-- {sequence of the last line, ordinal of the last line taken, lines dropped in all}.
-- `first` is the ordinal of the first line within this lease: lines that came before, in a call whose reply was lost,
-- are skipped; lines that never came are marked.
local function log(keys, args)
    local first, limits = log_arguments(args)
    if not first then return invalid('log wants id, epoch, first, four limits, and four words for every line') end
    local farm, time = farm_of(keys), now()
    local key, lost = fence(farm, args[1], args[2], time)
    if not key then return lost end
    local is, stream = load_log(key), log_key(farm, args[1])
    if first > is.taken + 1 then
        local text = digits(first - is.taken - 1) .. ' lines were lost before they were stored.'
        append(stream, is, limits, marker(time, text), time)
        is.taken = first - 1
    end
    local ordinal = first
    for index = 8, #args, 4 do
        if ordinal > is.taken then
            append(stream, is, limits, {args[index], args[index + 1], args[index + 2], args[index + 3]}, time)
            is.taken = ordinal
        end
        ordinal = ordinal + 1
    end
    save_log(key, is)
    return {digits(is.sequence), digits(is.taken), digits(is.dropped)}
end

-- Takes the log of a build that has ended away, but for a line that says so; how many KiB that was.
local function remove_log(farm, id, time)
    local key, stream, size = build_key(farm, id), log_key(farm, id), uncount_log(farm, id)
    local left = redis.call('PTTL', key)
    if left <= 0 then return size end
    local is = load_log(key)
    local text = 'The log was removed, for the farm keeps no more of the logs of builds that have ended.'
    local removed = number_of(redis.call('HGET', key, 'logRemoved'))
    -- The line that an earlier removal has left is none of the build's.
    local own = removed > 0 and 1 or 0
    removed = removed + is.head_lines + is.tail_lines + is.dropped - own
    is.sequence, is.head_lines, is.head_bytes, is.head_end = is.sequence + 1, 1, #text, 0
    is.tail_lines, is.tail_bytes, is.dropped = 0, 0, 0
    -- As a build's events begin: by a copy, which has no more room than it needs.
    write_entry(farm.draft, is.sequence, is.attempt, marker(time, text))
    -- Not by `REPLACE`, which frees a long log while all others wait.
    redis.call('UNLINK', stream)
    redis.call('COPY', farm.draft, stream)
    redis.call('DEL', farm.draft)
    redis.call('PEXPIRE', stream, digits(left))
    save_log(key, is)
    redis.call('HSET', key, 'logRemoved', digits(removed))
    return size
end

-- Keeps the logs of builds that have ended within `limit` bytes together: the oldest go first, a few at a time.
local function trim_logs(farm, time, limit)
    local kept = number_of(redis.call('HGET', farm.counters, 'logKilobytes'))
    if limit <= 0 or kept * 1024 <= limit then return end
    for _, id in ipairs(redis.call('ZRANGE', farm.logs, '0', '99')) do
        if kept * 1024 <= limit then return end
        kept = kept - remove_log(farm, id, time)
    end
end

redis.register_function('slipway_v1_log', log)
