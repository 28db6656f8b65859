-- What 100 000 devices send: 8 % begin a session with eight metrics, 20 % report a duration, 4 % end a
-- session, 68 % bring one to three events with three segments, 200 event keys, the small ones often.
-- Every request has a timestamp in milliseconds of its own, so that none is a duplicate.
--
-- Texts are made once and have fixed widths; a request is a handful of concatenations.

local workload = { devices = 100000, templates = 1000 }

local DEVICE, TIME = "\1", "\2"

local systems = { { "Android", "14" }, { "Android", "13" }, { "iOS", "17.2" }, { "iOS", "16.4" } }
local models = { "Pixel 8", "Galaxy S23", "iPhone 15", "iPhone 13", "Moto G" }
local resolutions = { "1080x2400", "1440x3088", "1179x2556" }
local versions = { "3.1.0", "3.1.1", "3.2.0", "4.0.0" }
local carriers = { "Vodafone", "Orange", "Telekom", "Verizon" }
local locales = { "de_DE", "en_US", "fr_FR", "tr_TR" }
local densities = { "XXHDPI", "XHDPI" }

local function pick(list)
  return list[math.random(#list)]
end

local function metrics()
  local system = pick(systems)
  return string.format(
    '{"_os":"%s","_os_version":"%s","_device":"%s","_resolution":"%s","_app_version":"%s",'
      .. '"_carrier":"%s","_locale":"%s","_density":"%s"}',
    system[1], system[2], pick(models), pick(resolutions), pick(versions), pick(carriers),
    pick(locales), pick(densities))
end

local function event()
  local skew = math.random()
  return string.format(
    '{"key":"event_%03d","count":1,"sum":%d.%02d,"timestamp":%s,"hour":%d,"dow":%d,'
      .. '"segmentation":{"screen":"screen_%02d","plan":"%s","level":"%d"}}',
    math.floor(200 * skew * skew * skew), math.random(0, 99), math.random(0, 99), TIME,
    math.random(0, 23), math.random(0, 6), math.random(0, 39), pick({ "free", "pro", "team" }),
    math.random(40, 80))
end

local function events()
  local list = {}
  for i = 1, math.random(3) do list[i] = event() end
  workload.events = workload.events + #list
  return "[" .. table.concat(list, ",") .. "]"
end

-- One request as pairs of name and value; values that are JSON say so.
local function pairs_of(i)
  local list = {
    { "device_id", DEVICE }, { "timestamp", TIME, true }, { "hour", "14", true }, { "dow", "3", true },
    { "tz", "180", true }, { "sdk_name", "java-native-android" }, { "sdk_version", "24.11.0" },
  }
  local percent = i % 100
  if percent < 8 then
    list[#list + 1] = { "begin_session", "1", true }
    list[#list + 1] = { "metrics", metrics(), true }
  elseif percent < 28 then
    list[#list + 1] = { "session_duration", "60", true }
  elseif percent < 32 then
    list[#list + 1] = { "end_session", "1", true }
    list[#list + 1] = { "session_duration", "17", true }
  else
    list[#list + 1] = { "events", events(), true }
  end
  return list
end

local function encode(text)
  return (text:gsub("[^%w%-_%.~\1\2]", function(c) return string.format("%%%02X", c:byte()) end))
end

local function as_form(list)
  local out = {}
  for i, pair in ipairs(list) do out[i] = pair[1] .. "=" .. encode(pair[2]) end
  return table.concat(out, "&")
end

local function as_json(list)
  local out = {}
  for i, pair in ipairs(list) do
    out[i] = '"' .. pair[1] .. '":' .. (pair[3] and pair[2] or '"' .. pair[2] .. '"')
  end
  return "{" .. table.concat(out, ",") .. "}"
end

-- Cuts a text at its marks: the parts between them, and for each gap whether it takes the device.
local function cut(text)
  local parts, takes_device, from = {}, {}, 1
  while true do
    local at = text:find("[\1\2]", from)
    if not at then break end
    parts[#parts + 1] = text:sub(from, at - 1)
    takes_device[#takes_device + 1] = text:sub(at, at) == DEVICE
    from = at + 1
  end
  parts[#parts + 1] = text:sub(from)
  return { parts = parts, takes_device = takes_device, marks = #takes_device }
end

local device_width, time_width = 24, 13
local clock = 0
local devices = {}

-- Bytes the text has once its marks are filled in.
local function width(template)
  local bytes = 0
  for _, part in ipairs(template.parts) do bytes = bytes + #part end
  for _, device in ipairs(template.takes_device) do
    bytes = bytes + (device and device_width or time_width)
  end
  return bytes
end

-- Fills in one request: appends its pieces to `out` from index `n` and answers the next index.
local function fill(template, out, n)
  clock = clock + 1
  local time = string.format("%d", clock)
  local device = devices[math.random(workload.devices)]
  for i = 1, template.marks do
    out[n] = template.parts[i]
    out[n + 1] = template.takes_device[i] and device or time
    n = n + 2
  end
  out[n] = template.parts[template.marks + 1]
  return n + 1
end

local function prepare(arguments)
  math.randomseed(tonumber(arguments[3]) or 1)
  clock = tonumber(arguments[2])
  workload.app_key = arguments[1]
  workload.events = 0
  for i = 1, workload.devices do devices[i] = string.format("bench-device-%011d", i) end
end

local head = "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
  .. "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"

-- One request per call, ready to be sent to /i.
function workload.single(arguments)
  prepare(arguments)
  local templates, out = {}, {}
  for i = 1, workload.templates do
    local body = cut("app_key=" .. workload.app_key .. "&" .. as_form(pairs_of(i)))
    body.parts[1] = head:format("/i", width(body)) .. body.parts[1]
    templates[i] = body
  end
  return function()
    local n = fill(templates[math.random(workload.templates)], out, 1)
    return table.concat(out, "", 1, n - 1)
  end
end

-- A hundred items per call, ready to be sent to /i/bulk.
function workload.bulk(arguments)
  prepare(arguments)
  local templates, out, chosen = {}, {}, {}
  local open = "app_key=" .. workload.app_key .. "&requests=" .. encode("[")
  local comma, close = encode(","), encode("]")
  for i = 1, workload.templates do
    templates[i] = cut(encode(as_json(pairs_of(i))))
    templates[i].width = width(templates[i])
  end
  return function()
    local bytes = #open + #close + 99 * #comma
    for i = 1, 100 do
      chosen[i] = templates[math.random(workload.templates)]
      bytes = bytes + chosen[i].width
    end
    out[1], out[2] = head:format("/i/bulk", bytes), open
    local n = 3
    for i = 1, 100 do
      n = fill(chosen[i], out, n)
      out[n] = i < 100 and comma or close
      n = n + 1
    end
    return table.concat(out, "", 1, n - 1)
  end
end

-- The line `bench` reads.
function workload.report(summary, latency, thread)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"p50":%d,"p99":%d,'
      .. '"events_per_item":%.4f}\n',
    summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(50),
    latency:percentile(99), thread:get("events_per_item")))
end

return workload
