import CBreadcrumb
import CIsolation
import Glibc
import PluginABI

/// The runner's end of one conversation with the host. One thread.
final class RunnerExchange: @unchecked Sendable {
  private let requests: UnsafeRawPointer
  private let replies: UnsafeMutableRawPointer
  private let bell: Int32
  private let replyBell: Int32
  /// What all runners share; nil where the host has no such memory.
  private let batches: UnsafeRawPointer?
  private var sequence: UInt32 = 0
  /// The message on its way to the host.
  var writer: WireWriter

  /// nil when the memory cannot be mapped.
  init?(_ channel: Channel, batchBytes: Int = 0) {
    guard let mapped = tally_memory_map(channel.requests, channel.requestBytes, 0),
      let writable = tally_memory_map(channel.replies, Wire.blockBytes, 1)
    else { return nil }
    batches =
      batchBytes == 0
      ? nil
      : tally_memory_map(Channel.batches, batchBytes, 0)
        .map { UnsafeRawPointer($0) }
    guard batchBytes == 0 || batches != nil else { return nil }
    self.requests = UnsafeRawPointer(mapped)
    self.replies = writable
    bell = channel.bell
    replyBell = channel.replyBell
    writer = WireWriter(base: writable + Wire.headerBytes, capacity: Wire.messageBytes)
  }

  /// What lies at a place the host named.
  func address(_ place: UInt64) -> UnsafeRawPointer {
    if place & Wire.isShared != 0, let batches { return batches + Int(place & ~Wire.isShared) }
    return requests + Wire.batchOffset + Int(place)
  }

  /// The calling thread is that of this conversation: what ends the process on it is said to the
  /// host. False when it has no memory for that.
  func enterThread() -> Bool {
    let crumb = (replies + Wire.crumbOffset).assumingMemoryBound(to: tally_breadcrumb.self)
    crumb.pointee.calling = 1
    replies.storeBytes(of: tally_thread_number(), toByteOffset: Wire.threadOffset, as: Int32.self)
    return tally_breadcrumb_enter_thread(crumb) == 0
  }

  /// Whether the host speaks as this runner does.
  var isUnderstood: Bool {
    let header = requests.loadUnaligned(as: WireHeader.self)
    return header.kind == 0
      || header.magic == Wire.magic && header.protocolNumber == Wire.protocolNumber
  }

  /// Waits for the next message. It stays where it is until something is sent.
  func next() -> (kind: Wire.Kind, message: WireReader) {
    var rings: UInt64 = 0
    while read(bell, &rings, 8) != 8 {}
    let header = requests.loadUnaligned(as: WireHeader.self)
    guard let kind = Wire.Kind(rawValue: header.kind), isUnderstood else { exit(EX_PROTOCOL) }
    sequence = header.sequence
    let bytes = UnsafeRawBufferPointer(
      start: requests + Wire.headerBytes, count: Int(header.length))
    return (kind, WireReader(bytes))
  }

  /// Sends what was written.
  func send(_ kind: Wire.Kind) {
    let header = WireHeader(
      kind: kind.rawValue, sequence: sequence, length: UInt64(writer.used),
      processor: tally_processor())
    replies.storeBytes(of: header, as: WireHeader.self)
    writer.reset()
    var one: UInt64 = 1
    _ = write(replyBell, &one, 8)
  }

  /// Sends what was written as a question and waits for what is given.
  func ask() -> WireReader {
    send(.ask)
    return next().message
  }
}
