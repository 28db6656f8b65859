import Foundation
import PluginABI

/// What is called beside the pipeline, each on a channel of its own: committed hooks, jobs
/// and, in a file of their own, intake hooks.
extension IsolatedLane {
  /// Has the runner perform a committed hook.
  func deliver(
    _ hook: Int, _ commit: UnsafePointer<tally_commit>
  ) -> (tally_status, String) {
    commitLock.lock()
    defer { commitLock.unlock() }
    let table = commit.pointee
    guard let batch = table.batch else { return (TALLY_INVALID, "") }
    return once(.commit) { runner in
      let places: BatchLoader.Places
      do throws(BatchLoader.Overflow) {
        places = try commitLoader.load(
          batch, table.facts, into: runner[.commit].requests.base + Wire.batchOffset)
      } catch { return .returned(TALLY_LIMIT, error.reason) }
      var writer = runner[.commit].writer()
      Self.write(places, hook: hook, epoch: 0, users: 0, to: &writer)
      writer.put(UInt64(table.flags))
      writer.put(table.first_position)
      writer.put(table.last_position)
      let limit = plan.limits.hookDeadline
      return call(
        runner, on: .commit, .committed, writer,
        patience: Patience(limit: limit, reason: { Self.late(limit) }),
        CallReplay(services: serviceReplay))
    }
  }

  /// Behind a job's `run` for every plugin that runs elsewhere: the instance is its lane.
  static func run(
    _ instance: UnsafeMutableRawPointer?, _ job: UnsafePointer<tally_job>?,
    _ error: UnsafePointer<tally_error>?
  ) -> tally_status {
    guard let instance, let job else { return TALLY_GONE }
    let lane = Unmanaged<IsolatedLane>.fromOpaque(instance).takeUnretainedValue()
    let (status, reason) = lane.run(job.pointee)
    if status != TALLY_OK, let error {
      Array(reason.utf8).withTallyText { error.pointee.set(error.pointee.ctx, $0) }
    }
    return status
  }

  /// Has the runner do a job, one at a time.
  private func run(_ job: tally_job) -> (tally_status, String) {
    let limit = Duration.milliseconds(max(job.deadline_ms - job.now_ms, 1))
    guard jobLock.lock(before: Date(timeIntervalSinceNow: limit.seconds)) else {
      return (TALLY_TIMEOUT, "other jobs of the plugin took all of its time")
    }
    defer { jobLock.unlock() }
    return once(.job) { runner in
      var writer = runner[.job].writer()
      writer.put(UInt64(job.attempt))
      writer.put(job.id)
      writer.put(UInt64(bitPattern: job.now_ms))
      writer.put(UInt64(bitPattern: job.deadline_ms))
      writer.put(job.name)
      job.payload.bytes.isEmpty ? writer.put("") : writer.put(job.payload.bytes)
      let replay = CallReplay(
        services: serviceReplay,
        own: {
          entry, permille, reader throws(WireDamage) in
          _ = try reader.word()
          switch entry {
          case .progress:
            job.progress(job.ctx, permille)
            return nil
          case .cancelled: return UInt64(job.is_cancelled(job.ctx))
          default: throw WireDamage()
          }
        })
      return call(runner, on: .job, .job, writer, patience: patience(with: job, limit), replay)
    }
  }

  /// A job that should end has as long as a runner has to end.
  private func patience(with job: tally_job, _ limit: Duration) -> Patience {
    let grace = plan.limits.endDeadline
    var cancelled: ContinuousClock.Instant?
    return Patience(
      limit: limit + grace,
      isOver: {
        guard job.is_cancelled(job.ctx) != 0 else { return false }
        let since = cancelled ?? .now
        cancelled = since
        return .now - since > grace
      },
      reason: { "did not end when it should; its runner was ended" })
  }

  static func late(_ limit: Duration) -> String {
    "did not answer within \(limit.milliseconds) ms; its runner was ended"
  }

  /// One attempt. A death that the host did not bring about is a fault of the plugin; whoever calls
  /// tries again when that makes sense.
  func once(
    _ channel: Channel, _ body: (RunnerProcess) -> Attempt
  ) -> (tally_status, String) {
    let runner: RunnerProcess
    do throws(PluginError) { runner = try live() } catch { return (TALLY_FAILED, error.message) }
    let end = body(runner)
    switch end {
    case .returned(let status, let reason): return (status, reason)
    case .died(let reason, let isOurs):
      noteDeath(of: runner, reason)
      // Whichever call it was: nobody else would say so, and of several only one may.
      if isOurs || runner.endedUnexplained, runner.claimFault() { noteFault(reason) }
    case .late(let reason):
      noteDeath(of: runner, reason)
      noteFault(reason)
    }
    return (TALLY_FAILED, end.reason)
  }
}
