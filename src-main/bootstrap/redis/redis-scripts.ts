import { createHash } from 'node:crypto';

/** What Redis does in one step. Every key that a script touches is named to it, and all of them lie in one slot. */
export interface Script {
  readonly lua: string;
  readonly sha1: string;
}

const script = (lua: string): Script => ({ lua, sha1: createHash('sha1').update(lua).digest('hex') });

/**
 * The state's version, before it is read. Keys: version, nodes, heard. Argument: the version that the server knew last. When Redis knows less, it has lost something
 * (it was started without its data, or with old ones): then the version jumps far beyond what any server can have seen, so that it goes on being a measure of
 * what is newer, and the server writes what it knows. What lies under our names and is of another kind makes way, and every node has a time from which on it is silent.
 * Answers with the version, and 1 when it jumped.
 */
export const beginScript = script(`
for at, kind in ipairs({'string', 'hash', 'zset'}) do
  local found = redis.call('TYPE', KEYS[at]).ok
  if found ~= 'none' and found ~= kind then redis.call('DEL', KEYS[at]) end
end
if redis.call('HLEN', KEYS[2]) ~= redis.call('ZCARD', KEYS[3]) then
  local time = redis.call('TIME')
  local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
  for _, id in ipairs(redis.call('HKEYS', KEYS[2])) do redis.call('ZADD', KEYS[3], 'NX', now, id) end
end
local version = tonumber(redis.call('GET', KEYS[1]) or '0')
local known = tonumber(ARGV[1])
if version and version >= known and version < 1e14 and version % 1 == 0 then return {version, 0} end
version = known + 1000000
redis.call('SET', KEYS[1], string.format('%.0f', version))
return {version, 1}`);

/**
 * Writes a message's changes and tells them. Keys: version, nodes, heard, and the entries of each device of the message. Arguments: channel, message.
 * Answers with the new version; or with 0 and the devices that keep it from being done: those that are not there any more though the message builds on what they had,
 * and those of which Redis has something newer than what the message is to go `over`. Then nothing was done.
 */
export const writeScript = script(`
local message = cjson.decode(ARGV[2])
local refused = {0}
for _, device in ipairs(message.devices) do
  local row = redis.call('HGET', KEYS[2], device.id)
  local isMissing = not row and device.node ~= cjson.null and not device.anew
  local isOlder = row and device.over ~= cjson.null and (tonumber(string.match(row, '^(%d+) ')) or 0) > device.over
  if isMissing or isOlder then refused[#refused + 1] = device.id end
end
if #refused > 1 then return refused end
local version = redis.call('INCR', KEYS[1])
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
for at, device in ipairs(message.devices) do
  local entries = KEYS[3 + at]
  if device.node == cjson.null then
    redis.call('HDEL', KEYS[2], device.id)
    redis.call('ZREM', KEYS[3], device.id)
    redis.call('UNLINK', entries)
  else
    if device.anew then redis.call('UNLINK', entries) end
    redis.call('HSET', KEYS[2], device.id, version .. ' ' .. device.node)
    redis.call('ZADD', KEYS[3], now, device.id)
    for _, row in ipairs(device.add) do redis.call('HSET', entries, row[1], row[2]) end
    for _, id in ipairs(device.remove) do redis.call('HDEL', entries, id) end
  end
end
redis.call('PUBLISH', ARGV[1], version .. ' ' .. ARGV[2])
return {version}`);

/**
 * Notes that devices were heard of. Keys: version, heard. Arguments: after how many milliseconds of silence a device is named (empty: none is), and the devices.
 * Answers with the version, the time in milliseconds, and up to 200 devices that nobody has heard of for so long.
 */
export const heardScript = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local text = string.format('%.0f', now)
for at = 2, #ARGV do redis.call('ZADD', KEYS[2], 'XX', text, ARGV[at]) end
local answer = {tonumber(redis.call('GET', KEYS[1]) or '0') or 0, now}
if ARGV[1] ~= '' then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now - ARGV[1]), 'LIMIT', 0, 200)) do answer[#answer + 1] = id end
end
return answer`);

/** How many milliseconds ago devices were heard of. Key: heard. Arguments: the devices. Answers with a number for each; -1: it is not there. */
export const agesScript = script(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ages = {}
for at, id in ipairs(ARGV) do
  local heard = redis.call('ZSCORE', KEYS[1], id)
  ages[at] = heard and math.max(0, now - tonumber(heard)) or -1
end
return ages`);

/**
 * Forgets devices, unless they were heard of meanwhile, and tells it. Keys: version, nodes, heard, and the entries of each device. Arguments: channel, milliseconds
 * of silence, and the devices.
 */
export const forgetScript = script(`
local time = redis.call('TIME')
local least = time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[2]
local gone = {}
for at = 3, #ARGV do
  local heard = redis.call('ZSCORE', KEYS[3], ARGV[at])
  if heard and tonumber(heard) <= least then
    redis.call('HDEL', KEYS[2], ARGV[at])
    redis.call('ZREM', KEYS[3], ARGV[at])
    redis.call('UNLINK', KEYS[1 + at])
    gone[#gone + 1] = ARGV[at]
  end
end
if #gone > 0 then redis.call('PUBLISH', ARGV[1], redis.call('INCR', KEYS[1]) .. ' ' .. cjson.encode({silent = gone})) end
return #gone`);
