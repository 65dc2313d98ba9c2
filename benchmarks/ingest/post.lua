-- wrk posts deals, each with an id of its own: <prefix>-<thread>-<number>.
-- Arguments after `--`: the id's prefix, the write key, the path.
local counter, thread = 0, 0

function setup(each)
  each:set("thread", thread)
  thread = thread + 1
end

function init(arguments)
  prefix, key, path = arguments[1], arguments[2], arguments[3]
  headers = { ["Content-Type"] = "application/json", ["X-Write-Key"] = key }
end

function request()
  counter = counter + 1
  local body = string.format(
    '{"id":"%s-%d-%d","name":"Annual plan","amount":"%d.50","currency":"EUR","stage":"proposal",' ..
    '"owner":"owner-%d","updated_at":"2026-03-0%dT10:%02d:%02dZ"}',
    prefix, thread, counter, counter % 90000, counter % 40, counter % 9 + 1, counter % 60, counter % 59)
  return wrk.format("POST", path, headers, body)
end
