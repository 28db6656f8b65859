import CCrypto
import Testing

@testable import Host

@Suite("Hash text")
struct HashTextTests {
  private func text(_ target: String, form body: String? = nil) -> String {
    var text = HashText(buffer: EntryBuffer())
    Array(target.utf8).withUnsafeBytes { text.begin(target: $0) }
    if let body { Array(body.utf8).withUnsafeBytes { text.append(form: $0) } }
    return IntakeBench.text(text.bytes)
  }

  private func sha1(_ text: String) -> String {
    var digest = [UInt8](repeating: 0, count: 20)
    let bytes = Array(text.utf8)
    SHA1(bytes, bytes.count, &digest)
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  static let pairs =
    "app_key=0f1e2d3c4b5a&device_id=device-42&begin_session=1&timestamp=1717243200123"

  @Test("The protocol's vectors hold for the text as taken")
  func vectors() {
    let sent = "\(Self.pairs)&rr=3&checksum256=ABC"
    #expect(sha1(text("/i?\(sent)")) == "c366953beda2370c3ff0e353fb8ee99cd2dc3042")
    #expect(sha1(text("/i", form: sent)) == "eed0e604c7cc3f1590a5ad40f219b456f88e6d03")
  }

  @Test(
    "Pairs that change on a retry are left out with their separator",
    arguments: [
      ("rr=1&a=2", "a=2"), ("a=2&rr=1", "a=2"), ("a=2&rr=1&b=3", "a=2&b=3"), ("rr=1", ""),
      ("rr=1&checksum=2&a=3", "a=3"), ("a=1&rr=&b=2", "a=1&b=2"), ("rrr=1&arr=2", "rrr=1&arr=2"),
      ("checksum=1&a=1&checksum256=2&b=1&rr=2", "a=1&b=1"), ("a=1&&b=2", "a=1&&b=2"), ("rr", "rr"),
    ])
  func leftOut(_ sent: String, _ expected: String) {
    #expect(text("/i?\(sent)") == expected)
    #expect(text("/i", form: sent) == "&\(expected)")
  }
}
