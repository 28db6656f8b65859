import PluginKit
import Testing

struct TextTests {
  @Test("Texts are equal when their bytes are", arguments: 0..<20)
  func equality(length: Int) {
    let one = String(repeating: "a", count: length)
    Text.with(one) { left in
      Text.with(one + "b") { right in
        #expect(left == right.prefix(length))
        #expect(left != right)
        #expect(right.hasPrefix(left))
        #expect(!left.hasPrefix(right))
      }
    }
    guard length > 0 else { return }
    Text.with(one) { left in
      Text.with(String(one.dropLast()) + "b") { #expect(left != $0) }
    }
  }

  @Test("A text is never cut inside a character")
  func prefix() {
    Text.with("aé€😀") { text in
      let lengths = (0...10).map { text.prefix($0).count }
      #expect(lengths == [0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10])
    }
  }

  @Test(
    "Whole numbers are read as parseInt reads them",
    arguments: [
      ("60", 60), ("-5", -5), ("+7", 7), (" 17.9", 17), ("12abc", 12), ("", nil), ("abc", nil),
      ("-", nil), ("99999999999999999999", .max),
    ] as [(String, Int64?)])
  func leadingInt(text: String, expected: Int64?) {
    Text.with(text) { #expect($0.leadingInt == expected) }
  }

  @Test("A buffer writes numbers and cuts what does not fit")
  func buffer() {
    func written(_ capacity: Int = 40, _ body: (inout TextBuffer) -> Void) -> String {
      TextBuffer.with(capacity: capacity) { buffer in
        body(&buffer)
        return String(buffer.text())
      }
    }
    #expect(written { $0.append(Int64.min) } == "-9223372036854775808")
    #expect(written { $0.append(Int64(0)) } == "0")
    #expect(written { $0.append(5.0) } == "5")
    #expect(written { $0.append(19.98) } == "19.98")
    #expect(written { $0.append(hexadecimal: 0xCBF2_9CE4_8422_2325) } == "cbf29ce484222325")
    #expect(written(4) { $0.append("abcdé") } == "abcd")
    #expect(written(5) { $0.append("abcdé") } == "abcd")
  }

  @Test(
    "Values lose their leading dollar and their dots",
    arguments: [("14.1", "14:1"), ("$x", "x"), ("$.a", ":a"), ("plain", "plain"), ("", "")])
  func cleaned(text: String, expected: String) {
    TextBuffer.with(capacity: 100) { buffer in
      Text.with(text) { #expect(String(buffer.cleaned($0)) == expected) }
    }
  }
}
