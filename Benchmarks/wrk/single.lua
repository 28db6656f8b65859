-- wrk -s single.lua http://127.0.0.1:PORT -- APP_KEY FIRST_MILLISECOND SEED
package.path = (os.getenv("WORKLOAD") or "Benchmarks/wrk") .. "/?.lua;" .. package.path
local workload = require("workload")
local first_thread

function setup(thread)
  first_thread = first_thread or thread
end

function init(arguments)
  request = workload.single(arguments)
  events_per_item = workload.events / workload.templates
end

function done(summary, latency)
  workload.report(summary, latency, first_thread)
end
