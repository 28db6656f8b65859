-- As single.lua, with a pause behind each answer: a hundred connections make some 5 000 requests a second.
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

function delay()
  return 15
end

function done(summary, latency)
  workload.report(summary, latency, first_thread)
end
