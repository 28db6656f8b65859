import CBreadcrumb
import CIsolation
import Glibc
import PluginABI

/// The host's end of one conversation with a runner: a request goes out, asks come back and are
/// given what they ask for, then the answer is done. One thread at a time.
///
/// A reply is copied before it is looked at, so that a runner cannot change what was checked.
final class HostExchange: @unchecked Sendable {
  /// What waiting for the runner ended with.
  enum Event {
    case ask(UnsafeRawBufferPointer)
    case done(UnsafeRawBufferPointer)
    /// The runner has ended.
    case ended
    case late
    /// The reply is not one.
    case damaged
  }

  /// What is kept of a large reply's copy.
  private static let copyBytesKept = 1 << 20

  let requests: SharedMemory
  private let replies: SharedMemory
  let bell: Int32
  let replyBell: Int32
  private var sequence: UInt32 = 0
  /// The processor that the runner's last word came from, as it says.
  private(set) var lastProcessor: Int32 = -1
  private var copy = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 16)

  init(_ channel: Channel) throws(PluginError) {
    requests = try SharedMemory(
      "tally-\(channel)-requests", count: channel.requestBytes, isReadOnly: true)
    replies = try SharedMemory(
      "tally-\(channel)-replies", count: Wire.blockBytes, isReadOnly: false)
    bell = tally_bell_make()
    replyBell = tally_bell_make()
    guard bell >= 0, replyBell >= 0 else {
      throw PluginError(.runner, "no doorbell for a runner: \(systemReason()); raise `ulimit -n`")
    }
  }

  deinit {
    copy.deallocate()
    for descriptor in [bell, replyBell] where descriptor >= 0 { close(descriptor) }
  }

  /// In the order of a `Channel`.
  var descriptors: [Int32] { [requests.descriptor, replies.descriptor, bell, replyBell] }

  func closeDescriptors() {
    requests.closeDescriptor()
    replies.closeDescriptor()
  }

  /// Where the next message is written.
  func writer() -> WireWriter {
    WireWriter(base: requests.base + Wire.headerBytes, capacity: Wire.messageBytes)
  }

  /// Sends what was written and wakes the runner.
  func send(_ kind: Wire.Kind, length: Int) {
    if kind != .given { sequence &+= 1 }
    let header = WireHeader(
      kind: kind.rawValue, sequence: sequence, length: UInt64(length))
    requests.base.storeBytes(of: header, as: WireHeader.self)
    var one: UInt64 = 1
    _ = write(bell, &one, 8)
  }

  /// A look that comes so much later than it should: this process stood still, as under SIGSTOP or on
  /// a machine that slept.
  private static let standstill = Duration.seconds(1)

  /// Waits for the runner's next word until the deadline, or until `isOver`, which is asked now and
  /// then. Time in which this process stands still does not count: the runner may have stood still,
  /// too. What it hands out is valid until the next call.
  func receive(
    process: Int32, until deadline: ContinuousClock.Instant, isOver: () -> Bool = { false }
  ) -> Event {
    var (pulse, deadline) = (HookPatience.firstPulse, deadline)
    while true {
      var waits = [
        pollfd(fd: replyBell, events: Int16(POLLIN), revents: 0),
        pollfd(fd: process, events: Int16(POLLIN), revents: 0),
      ]
      let looked = ContinuousClock.now
      let left = looked.duration(to: deadline)
      guard poll(&waits, 2, min(left, pulse).millisecondsUp) >= 0 else { continue }
      if waits[0].revents != 0 { return take() }
      if waits[1].revents != 0 { return .ended }
      let missed = ContinuousClock.now - looked - pulse
      if missed > Self.standstill { deadline += missed }
      if ContinuousClock.now >= deadline || isOver() { return .late }
      pulse = HookPatience.pulse
    }
  }

  /// The numbers a runner says of itself before the first request.
  var hello: WireHeader { replies.base.loadUnaligned(as: WireHeader.self) }

  /// Whether the thread of this conversation ended the runner. Once that has ended.
  var didEndRunner: Bool {
    replies.base.loadUnaligned(fromByteOffset: Wire.crumbOffset, as: tally_breadcrumb.self).signal
      != 0
  }

  /// The number of the runner's thread, as that says.
  var thread: Int32 {
    replies.base.loadUnaligned(fromByteOffset: Wire.threadOffset, as: Int32.self)
  }

  private func take() -> Event {
    var rings: UInt64 = 0
    _ = read(replyBell, &rings, 8)
    let header = replies.base.loadUnaligned(as: WireHeader.self)
    guard header.sequence == sequence, header.length <= UInt64(Wire.messageBytes) else {
      return .damaged
    }
    lastProcessor = header.processor
    let count = Int(header.length)
    if copy.count < count || copy.count > max(count, Self.copyBytesKept) {
      copy.deallocate()
      copy = .allocate(byteCount: max(count, 4_096), alignment: 16)
    }
    copy.copyMemory(from: .init(start: replies.base + Wire.headerBytes, count: count))
    let message = UnsafeRawBufferPointer(rebasing: copy[..<count])
    switch Wire.Kind(rawValue: header.kind) {
    case .ask: return .ask(message)
    case .done, .hello: return .done(message)
    default: return .damaged
    }
  }
}

extension Duration {
  /// For `poll`: never less than the time, never negative.
  fileprivate var millisecondsUp: Int32 {
    let (seconds, attoseconds) = components
    return Int32(clamping: max(0, seconds * 1_000 + attoseconds / 1_000_000_000_000_000 + 1))
  }
}
