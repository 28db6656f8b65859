import PluginABI
import Testing

@testable import Host

@Suite("Mutated items")
struct DecodeFuzzTests {
  private static let seeds = [
    #"{"timestamp":1717243200123,"begin_session":1,"metrics":{"_os":"Android","_app_version":"3.1.0"}}"#,
    #"{"events":[{"key":"buy","count":2,"sum":19.98,"dur":"1.5","segmentation":{"a":[1,2],"b":true},"#
      + #""timestamp":1717243200456},{"key":"[CLY]_view","segmentation":{"name":"Cart \ud83d\ude00"}}]}"#,
    #"{"events":"[{\"key\":\"system.a..b$\",\"count\":\"12\"}]","x":[[[[{"y":[1e10,-0.5,null]}]]]]}"#,
    #"[123456789012345678901,1e400,"\ud800\udc00\u0000",{"key":{"key":[]}}]"#,
  ].map { Array($0.utf8) }

  private static let splices =
    [
      "{", "}", "[", "]", "\"", "\\", ",", ":", "\\u", "\\ud800", "\\udc00", "1e999", "-", "0", "e",
      "12345678901234567890123", "null", "\"key\":", "\"count\":", "\"events\":[", "  ", ".",
    ].map { Array($0.utf8) } + [[0], [0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xF4, 0x90]]

  private static func mutate(_ text: [UInt8], _ random: inout SeededDocuments) -> [UInt8] {
    var text = text
    for _ in 0..<random.int(1...6) {
      let index = random.int(0...text.count)
      switch random.int(0...6) {
      case 0, 1: text.insert(contentsOf: random.pick(splices), at: index)
      case 2: if index < text.count { text[index] = UInt8(random.int(0...255)) }
      case 3: text.removeSubrange(index..<min(index + random.int(1...9), text.count))
      case 4: text.removeSubrange(index...)
      case 5: text.insert(contentsOf: text.prefix(index), at: index)
      default: text.insert(contentsOf: random.pick(seeds), at: index)
      }
    }
    return Array(text.prefix(8_192))
  }

  @Test("10 000 mutated items leave sound batches of bounded size", arguments: UInt64(1)...10)
  func mutations(_ seed: UInt64) {
    var random = SeededDocuments(seed: seed)
    let bench = DecodeBench()
    for _ in 0..<100 {
      bench.begin()
      var bytes = 0
      for _ in 0..<10 {
        let text = Self.mutate(random.pick(Self.seeds), &random)
        bytes += text.count
        switch random.int(0...2) {
        case 0: bench.append(object: text)
        case 1:
          bench.append([("events", text), ("timestamp", text)], json: ["events", "timestamp"])
        default:
          // Intake hands on only text that is UTF-8.
          let valid = Array(String(decoding: text, as: UTF8.self).utf8)
          bench.append([("events", valid), ("timestamp", valid), ("metrics", valid)])
        }
      }
      let view = bench.finish()
      #expect(view.faults == [])
      #expect(Int(view.header.total_size) < 4_096 + bytes * 48)
    }
  }
}
