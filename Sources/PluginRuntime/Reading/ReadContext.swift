import PluginABI
import Store

/// The host's side of one `tally_request` and its `tally_reply`: lives for one answer.
final class ReadContext {
  /// Bytes of one answer; more is a plugin that does not end.
  static let answerBytesMax = 64 << 20

  let question: Question
  let snapshot: Snapshot
  let instance: PluginInstance
  /// Which of the plugin's routes is asked.
  let route: UInt32
  var answer = Answer()
  /// The store failed while answering the plugin.
  var storeFailure: (any Error)?
  /// What the plugin did that no answer may: nothing of it is sent.
  private(set) var violation: String?
  /// Metrics whose subjects the plugin listed, and the dimensions of all these once it asked for some.
  var listed: Set<UInt32> = []
  var dimensions: [UInt32: [String: [String]]] = [:]
  /// Where texts and bytes are that were handed out, which the header promises for the whole call.
  private var kept: [UnsafeMutableRawBufferPointer] = []
  /// What is left of the last of `kept`: a chart alone hands out hundreds of names.
  private var room = UnsafeMutableRawBufferPointer(start: nil, count: 0)
  private static let roomBytes = 4_096

  init(_ question: Question, snapshot: Snapshot, instance: PluginInstance, route: UInt32) {
    self.question = question
    self.route = route
    self.snapshot = snapshot
    self.instance = instance
  }

  deinit { kept.forEach { $0.deallocate() } }

  /// Bytes that stay where they are until the answer is done.
  func keep(_ bytes: some Collection<UInt8>) -> tally_bytes {
    guard !bytes.isEmpty else { return tally_bytes() }
    let count = bytes.count
    let aligned = (count + 7) & ~7
    if room.count < aligned {
      room = .allocate(byteCount: max(aligned, Self.roomBytes), alignment: 8)
      kept.append(room)
    }
    let copy = UnsafeMutableRawBufferPointer(rebasing: room[..<count])
    copy.copyBytes(from: bytes)
    room = UnsafeMutableRawBufferPointer(rebasing: room[aligned...])
    return tally_bytes(ptr: UnsafeRawPointer(copy.baseAddress), len: UInt64(count))
  }

  /// As `keep`, for text.
  func keep(_ text: String) -> tally_str {
    let bytes = keep(text.utf8)
    return tally_str(ptr: bytes.ptr?.assumingMemoryBound(to: CChar.self), len: bytes.len)
  }

  /// Whether texts become entities of HTML, as clients expect that do not say otherwise.
  var escapesHTML: Bool { question.parameters["noescape"] != "true" }

  /// The metric a plugin names by its number.
  func metric(_ number: UInt32) -> MetricDefinition? {
    number >= 1 && Int(number) <= instance.enrollment.metrics.count
      ? instance.enrollment.metrics[Int(number) - 1] : nil
  }

  /// The period a question is about: its own, else the request's, else 30 days.
  func period(_ text: tally_str) -> Period {
    let own = text.string ?? ""
    return Period(
      text: own.isEmpty ? question.parameters["period"] ?? "" : own, nowMs: question.nowMs,
      calendar: question.calendar)
  }

  /// Runs a read of the store, turning its failure into a status.
  func reading(_ body: () throws -> tally_status) -> tally_status {
    do { return try body() } catch {
      storeFailure = error
      return TALLY_FAILED
    }
  }

  /// As `write`, without a copy where it is the first.
  func write(whole bytes: [UInt8]) {
    guard answer.body.isEmpty, bytes.count <= Self.answerBytesMax else { return write(bytes) }
    answer.body = bytes
  }

  func write(_ bytes: some Collection<UInt8>) {
    guard answer.body.count + bytes.count <= Self.answerBytesMax else {
      return refuse("the answer is over \(Self.answerBytesMax) bytes")
    }
    answer.body.append(contentsOf: bytes)
  }

  /// Sets the HTTP status. One that ends no exchange would break the connection for everybody.
  func setStatus(_ status: UInt32) {
    guard Self.statuses.contains(status) else {
      return refuse("HTTP status \(status) is not one of \(Self.statuses)")
    }
    answer.status = Int(status)
  }

  private static let statuses: ClosedRange<UInt32> = 200...599

  private func refuse(_ reason: String) {
    if violation == nil { violation = reason }
  }
}
