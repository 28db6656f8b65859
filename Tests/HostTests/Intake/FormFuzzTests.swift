import Testing

@testable import Host

@Suite("Mutated requests")
struct FormFuzzTests {
  /// xorshift64*: the same mutations on every run.
  struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      return state &* 0x2545_F491_4F6C_DD1D
    }
  }

  private static let seeds = [
    "app_key=0f1e2d3c4b5a&device_id=device-42&timestamp=1717243200123&rr=3&checksum256=AB"
      + "&events=%5B%7B%22key%22%3A%22a%22%2C%22count%22%3A1%7D%5D&metrics=%7B%22_os%22%3A%22A+B%22%7D",
    #"app_key=0f1e2d3c4b5a&requests=[{"device_id":"a","timestamp":1},{"device_id":"b\u00e9"}]"#,
    #"{"app_key":"0f1e2d3c4b5a","device_id":"d","requests":[{"device_id":"a"}],"m":{"a":[1,"\\"]}}"#,
  ].map { Array($0.utf8) }

  private static let splices =
    ["%", "%4", "&", "=", "+", "\"", "\\", "{", "[", "]", "}", ",", "\\u"]
    .map { Array($0.utf8) } + [[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0]]

  private static func mutate(_ text: [UInt8], _ random: inout Seeded) -> [UInt8] {
    var text = text
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let index = Int.random(in: 0...text.count, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0:
        text.insert(
          contentsOf: splices[Int.random(in: 0..<splices.count, using: &random)], at: index)
      case 1: if index < text.count { text[index] = UInt8.random(in: 0...255, using: &random) }
      case 2: text.removeSubrange(min(index, text.count)..<min(index + 3, text.count))
      case 3: text.removeSubrange(index...)
      default: text.insert(contentsOf: text.prefix(index), at: index)
      }
    }
    return Array(text.prefix(4096))
  }

  @Test("Ten thousand mutated requests make sound entries or refusals", arguments: 1...4)
  func mutated(_ seed: UInt64) {
    var random = Seeded(state: seed)
    let bench = IntakeBench()
    for _ in 0..<2500 {
      let body = Self.mutate(Self.seeds[Int.random(in: 0..<3, using: &random)], &random)
      for (json, bulk) in [(false, false), (true, false), (false, true), (true, true)] {
        let admission = bench.admit(Array("/i".utf8), body: body, json: json, bulk: bulk)
        guard case .accepted(let items) = admission else { continue }
        #expect(items.count == bench.intake.entryItems, "\(body)")
        for item in items where !bulk {
          #expect(item.device.utf8.count <= 1024)
          #expect(item.parameters["device_id"] == nil)
        }
      }
    }
  }

  @Test("Decoding agrees with a plain reading of the same text", arguments: 11...14)
  func decoding(_ seed: UInt64) {
    var random = Seeded(state: seed)
    let bench = IntakeBench()
    for _ in 0..<2500 {
      let value = Self.mutate(Self.seeds[0], &random).filter { $0 != UInt8(ascii: "&") }
      let body = Array("app_key=0f1e2d3c4b5a&device_id=d&v=".utf8) + value
      let read = bench.admit(Array("/i".utf8), body: body).items.first?.parameters["v"]
      #expect(read.map { Array($0.utf8) } == Array(Self.plainly(value).utf8), "\(value)")
    }
  }

  private static func plainly(_ raw: [UInt8]) -> String {
    var (bytes, rest): ([UInt8], ArraySlice<UInt8>) = ([], raw[...])
    while let first = rest.popFirst() {
      let digits = rest.prefix(2)
      if first == UInt8(ascii: "%"), digits.count == 2,
        digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
        let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
      {
        bytes.append(byte)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(first == UInt8(ascii: "+") ? UInt8(ascii: " ") : first)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
