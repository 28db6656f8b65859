import PluginABI
import Testing

@testable import PluginKit

@Suite("What a plugin writes into its answer")
struct ReplyTests {
  /// What the host is handed.
  private final class Answer {
    var bytes: [UInt8] = []
    var writes = 0
  }

  private func written(_ body: (borrowing Reply) -> Void) throws -> Answer {
    let answer = Answer()
    var table = tally_reply()
    table.struct_size = UInt32(MemoryLayout<tally_reply>.size)
    table.ctx = Unmanaged.passUnretained(answer).toOpaque()
    table.write = { ctx, text in
      guard let ctx else { return }
      let answer = Unmanaged<Answer>.fromOpaque(ctx).takeUnretainedValue()
      answer.bytes += UnsafeRawBufferPointer(start: text.ptr, count: Int(text.len))
      answer.writes += 1
    }
    try withUnsafePointer(to: table) { body(try Reply($0)) }
    return answer
  }

  @Test("A list of numbers is what they are one by one, with commas between, in few calls")
  func numbers() throws {
    var list: [Double] = [.infinity, 0, -0.5]
    for number in 0..<3_000 { list.append(Double(number * number) * 0.1 - 4_000) }
    let one = try written { reply in
      for (place, number) in list.enumerated() {
        if place > 0 { Text.with(",") { reply.write($0) } }
        reply.number(number)
      }
    }
    let all = try written { $0.numbers(list) }
    #expect(all.bytes == one.bytes)
    #expect(all.writes * 20 < one.writes)
    #expect(try written { $0.numbers([]) }.bytes.isEmpty)
  }
}
