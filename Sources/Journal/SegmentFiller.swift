import Glibc

/// The thread that writes zeros ahead of the writer and has the next segment ready before it is
/// needed. When it cannot (a full or failing disk) the writer goes on without it, only slower.
final class SegmentFiller: @unchecked Sendable {
  enum Work {
    case none
    case active
    case next
  }

  let directory: String
  let segmentBytes: Int
  let files: FileOperations
  let space: DiskSpace
  let monitor = Monitor()
  private var plan: FillPlan
  private var active: Segment?
  private var next: Segment?
  var spares: [SpareSegment] = []
  var inFlight = Work.none
  /// Something failed: nothing is filled until the writer opens another segment.
  private var resting = false
  var sleeps = false
  var stopping = false
  private var thread: WorkerThread?

  init(directory: String, segmentBytes: Int, files: FileOperations, space: DiskSpace) {
    self.directory = directory
    self.files = files
    self.space = space
    self.segmentBytes = segmentBytes
    plan = FillPlan(segmentBytes: segmentBytes)
  }

  func start() { thread = WorkerThread(name: "journal-filler") { self.run() } }

  /// Ends the thread and deletes what was made ahead.
  func stop() {
    monitor.withLock {
      stopping = true
      monitor.broadcast()
    }
    thread?.join()
    thread = nil
    monitor.withLock {
      dropNext()
      for spare in spares { Glibc.unlink(spare.path) }
      spares = []
    }
  }

  // MARK: The writer's thread

  /// The segment to go on in: the one made ahead, or one made now.
  func take(sequence: UInt64) throws(JournalError) -> Segment {
    monitor.lock()
    defer { monitor.unlock() }
    // Making it is quick, and two threads must not make the same one.
    while inFlight == .next { monitor.wait() }
    let segment: Segment
    if let next, next.sequence == sequence {
      segment = next
    } else {
      segment = try makeSegment(sequence, from: takeCleanSpare())
    }
    next = nil
    active = segment
    resting = false
    plan.activeOffset = 0
    return segment
  }

  /// Nobody fills zeros over what the writer is about to write: waits for the slice in flight only
  /// when the writer has caught up with it.
  func claim(through end: Int) {
    monitor.withLock {
      guard let active, end > active.filled else { return }
      while inFlight == .active, end > active.filled { monitor.wait() }
      active.filled = max(active.filled, end)
    }
  }

  /// The writer got that far.
  func advance(to offset: Int) {
    monitor.lock()
    plan.activeOffset = offset
    let wakes = sleeps && nextStep() != .nothing
    if wakes { sleeps = false }
    monitor.unlock()
    if wakes { monitor.broadcast() }
  }

  // MARK: The filler's thread

  private func run() {
    monitor.lock()
    while !stopping {
      let step = nextStep()
      if step == .nothing {
        sleeps = true
        monitor.wait()
      } else {
        perform(step)
        monitor.broadcast()
      }
    }
    monitor.unlock()
  }

  /// Under the lock.
  private func nextStep() -> FillPlan.Step {
    guard let active, !resting else { return .nothing }
    plan.activeFilled = active.filled
    plan.nextFilled = next?.filled
    plan.spareCleaned = spares.first { $0.cleaned < segmentBytes }?.cleaned
    return plan.step
  }

  /// Entered and left with the lock held; the disk is waited for without it.
  private func perform(_ step: FillPlan.Step) {
    switch step {
    case .nothing: return
    case .fillActive(let range): fill(active, range, as: .active)
    case .fillNext(let range): fill(next, range, as: .next)
    case .makeNext: makeNext()
    case .cleanSpare(let range): clean(range)
    }
    inFlight = .none
  }

  private func fill(_ segment: Segment?, _ range: Range<Int>, as work: Work) {
    guard let segment else { return }
    inFlight = work
    monitor.unlock()
    let failed =
      space.isLow() || Zeros.write(to: segment.fillDescriptor, range, files: files) != 0
    monitor.lock()
    if !failed {
      segment.filled = max(segment.filled, range.upperBound)
    } else {
      resting = true
      if work == .next { dropNext() }
    }
  }

  private func makeNext() {
    guard let sequence = active?.sequence else { return }
    inFlight = .next
    let spare = takeCleanSpare()
    monitor.unlock()
    let made = space.isLow() ? nil : try? makeSegment(sequence + 1, from: spare)
    monitor.lock()
    next = made
    resting = made == nil
  }

  /// A segment whose filling failed is not written to.
  private func dropNext() {
    if let next { Glibc.unlink(next.path) }
    next = nil
  }
}
