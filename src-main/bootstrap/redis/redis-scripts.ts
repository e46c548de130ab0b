import { createHash } from 'node:crypto';
import * as z from 'zod';

/** What Redis does in one step. Every key that a script touches is named to it, and all of them lie in one slot. */
export interface Script {
  readonly lua: string;
  readonly sha1: string;
}

/** Every script begins with what it may need: the clock, and the stamp of the last change, which is read and written. */
const common = `
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function stamp()
  local version, mark = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+) (%S+)$')
  return tonumber(version or '0'), mark or '-'
end
local function setStamp(version, mark)
  redis.call('SET', KEYS[1], string.format('%.0f ', version) .. mark)
end
`;
const script = (lua: string): Script => ({ lua: common + lua, sha1: createHash('sha1').update(common + lua).digest('hex') });

const counter = z.int().nonnegative();

/**
 * The stamp of the state, before it is read. Keys: stamp, nodes, heard. Arguments: the version that the server knew last, and a mark. When Redis knows less, it has lost something
 * (it was started without its data, or with old ones): then the version jumps far beyond what any server can have seen, so that it goes on being a measure of
 * what is newer, and the server writes what it knows. What lies under our names and is of another kind makes way, and every node has a time from which on it is silent.
 * Answers with version and mark, and 1 when it jumped.
 */
export const beginScript = script(`
for at, kind in ipairs({'string', 'hash', 'zset'}) do
  local found = redis.call('TYPE', KEYS[at]).ok
  if found ~= 'none' and found ~= kind then redis.call('DEL', KEYS[at]) end
end
if redis.call('HLEN', KEYS[2]) ~= redis.call('ZCARD', KEYS[3]) then
  local now = string.format('%.0f', clock())
  for _, id in ipairs(redis.call('HKEYS', KEYS[2])) do redis.call('ZADD', KEYS[3], 'NX', now, id) end
end
local version, mark = stamp()
local known = tonumber(ARGV[1])
if version >= known and version < 1e14 then return {version, mark, 0} end
setStamp(known + 1000000, ARGV[2])
return {known + 1000000, ARGV[2], 1}`);
export const beginAnswer = z.tuple([counter, z.string(), z.union([z.literal(0), z.literal(1)])]);

/**
 * Writes a message's changes and tells them. Keys: stamp, nodes, heard, and the entries of each device of the message. Arguments: channel, message, its mark.
 * Answers with the new version; or with 0 when any device of the message keeps it from being done, because it is not there any more though the message builds on what it had, or for one of the reasons
 * for which its id follows: Redis has something newer than what the message is to go `over`, or its list has another revision than the one that the message builds on. Then nothing was done.
 */
export const writeScript = script(`
local message = cjson.decode(ARGV[2])
local refused, isRefused, revisions = {0}, false, {}
for at, device in ipairs(message.devices) do
  local row = redis.call('HGET', KEYS[2], device.id)
  local version, revision = string.match(row or '', '^(%d+) %S+ (%S+) ')
  local isMissing = not row and device.node ~= cjson.null and not device.anew
  local isOlder = row and device.over ~= cjson.null and (tonumber(version) or 0) > device.over
  local isOther = row and device.base ~= cjson.null and revision ~= device.base
  if isOlder or isOther then refused[#refused + 1] = device.id end
  isRefused = isRefused or isMissing or isOlder or isOther
  revisions[at] = device.revision == cjson.null and (revision or '-') or device.revision
end
if isRefused then return refused end
local last, before = stamp()
local version = string.format('%.0f', last + 1)
local now = string.format('%.0f', clock())
setStamp(last + 1, ARGV[3])
for at, device in ipairs(message.devices) do
  local entries = KEYS[3 + at]
  if device.node == cjson.null then
    redis.call('HDEL', KEYS[2], device.id)
    redis.call('ZREM', KEYS[3], device.id)
    redis.call('UNLINK', entries)
  else
    if device.anew then redis.call('UNLINK', entries) end
    redis.call('HSET', KEYS[2], device.id, version .. ' ' .. ARGV[3] .. ' ' .. revisions[at] .. ' ' .. device.node)
    redis.call('ZADD', KEYS[3], now, device.id)
    for _, row in ipairs(device.add) do redis.call('HSET', entries, row[1], row[2]) end
    for _, id in ipairs(device.remove) do redis.call('HDEL', entries, id) end
  end
end
redis.call('PUBLISH', ARGV[1], version .. ' ' .. ARGV[3] .. ' ' .. before .. ' ' .. ARGV[2])
return {last + 1}`);
export const writeAnswer = z.tuple([counter]).rest(z.string());

/**
 * Notes that devices were heard of. Keys: stamp, heard. Arguments: after how many milliseconds of silence a device is named (empty: none is), and the devices.
 * Answers with version and mark, the time in milliseconds, and up to 200 devices that nobody has heard of for so long.
 */
export const heardScript = script(`
local now = clock()
local text = string.format('%.0f', now)
for at = 2, #ARGV do redis.call('ZADD', KEYS[2], 'XX', text, ARGV[at]) end
local version, mark = stamp()
local answer = {version, mark, now}
if ARGV[1] ~= '' then
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', now - ARGV[1]), 'LIMIT', 0, 200)) do answer[#answer + 1] = id end
end
return answer`);
export const heardAnswer = z.tuple([counter, z.string(), z.number()]).rest(z.string());

/** How many milliseconds ago devices were heard of. Key: heard. Arguments: the devices. Answers with a number for each; -1: it is not there. */
export const agesScript = script(`
local now = clock()
local ages = {}
for at, id in ipairs(ARGV) do
  local heard = redis.call('ZSCORE', KEYS[1], id)
  ages[at] = heard and math.max(0, now - tonumber(heard)) or -1
end
return ages`);
export const agesAnswer = z.array(z.number());

/**
 * Forgets devices, unless they were heard of meanwhile, and tells it. Keys: stamp, nodes, heard, and the entries of each device. Arguments: channel, mark,
 * milliseconds of silence, and the devices.
 */
export const forgetScript = script(`
local least = clock() - ARGV[3]
local gone = {}
for at = 4, #ARGV do
  local heard = redis.call('ZSCORE', KEYS[3], ARGV[at])
  if heard and tonumber(heard) <= least then
    redis.call('HDEL', KEYS[2], ARGV[at])
    redis.call('ZREM', KEYS[3], ARGV[at])
    redis.call('UNLINK', KEYS[at])
    gone[#gone + 1] = ARGV[at]
  end
end
if #gone > 0 then
  local last, before = stamp()
  setStamp(last + 1, ARGV[2])
  redis.call('PUBLISH', ARGV[1], string.format('%.0f ', last + 1) .. ARGV[2] .. ' ' .. before .. ' ' .. cjson.encode({silent = gone}))
end
return #gone`);
