import Harness

/// One case in one round.
struct Measurement {
  var wrk: Wrk
  /// CPU of the server until everything was committed.
  var cpuSeconds: Double
  /// Requests the server took; for bare-nio those that wrk saw answered.
  var accepted: Double
  var items: Double
  var drainSeconds: Double
  var duplicates = 0.0
  var rawRows = 0.0
  var diskBytes = 0.0
  var idleMegabytes: Double
  var peakMegabytes: Double
  var afterMegabytes: Double
  var firstRequestMilliseconds: Double

  var microsecondsPerRequest: Double { cpuSeconds / accepted * 1e6 }
  var itemsPerSecond: Double { items / cpuSeconds }
  var eventsPerSecond: Double { itemsPerSecond * wrk.eventsPerItem }

  var json: JSON {
    .object(
      [
        "requests_per_second": wrk.requestsPerSecond, "p50_us": wrk.p50Microseconds,
        "p99_us": wrk.p99Microseconds, "refused": wrk.refused, "broken": wrk.broken,
        "cpu_us_per_request": microsecondsPerRequest, "items_per_cpu_second": itemsPerSecond,
        "events_per_cpu_second": eventsPerSecond, "accepted": accepted, "items": items,
        "duplicates": duplicates, "raw_rows": rawRows, "disk_bytes": diskBytes,
        "drain_s": drainSeconds, "idle_mb": idleMegabytes, "peak_mb": peakMegabytes,
        "after_mb": afterMegabytes, "first_request_ms": firstRequestMilliseconds,
      ].mapValues(JSON.number))
  }
}
