import NIOCore
import Testing

@testable import Host
@testable import PluginRuntime

@Suite struct AnswerHeaderTests {
  @Test("One header a line, as it is sent")
  func list() {
    let text = "X-A:b\r\n\n  \nX-Long-Name:  two words; a=1 "
    let headers = AnswerHeader.list(text)
    #expect(headers?.map(\.name) == ["X-A", "X-Long-Name"])
    #expect(headers?.map(\.value) == ["b", "two words; a=1 "])
    #expect(AnswerHeader.list("") == [])
    #expect(AnswerHeader.list(AnswerHeader.text(AnswerHeader.standard)) == AnswerHeader.standard)
  }

  @Test(
    "What would be another line, no header or the server's own to say is refused whole",
    arguments: [
      "X-A", ": b", "X-A:", "X A: b", "X-A: b\u{0}", "X-A: b\u{7F}", "X-Ä: b", "X-A: ä", "X-A\t: b",
      "X-Good: 1\nContent-Length: 5", "content-type: text/html", "Set-Cookie: a=b",
      "Transfer-Encoding: chunked", "X-A: b\u{85}Set-Cookie: c", "X-A: 1\nx-a: 2",
      "Content-Security-Policy: default-src *",
    ])
  func refused(text: String) {
    #expect(AnswerHeader.list(text) == nil)
  }

  @Test("There are at most so many")
  func many() {
    func lines(_ count: Int) -> String {
      (0..<count).map { "X-\($0): y" }.joined(separator: "\n")
    }
    #expect(AnswerHeader.list(lines(AnswerHeader.countMax))?.count == AnswerHeader.countMax)
    #expect(AnswerHeader.list(lines(AnswerHeader.countMax + 1)) == nil)
  }

  @Test("Other headers change every answer, and none of their places")
  func table() throws {
    var table = Reply.Table()
    let place = table.place(of: IntakeStage.Refusal(status: 403, message: "no"))
    let refusal = try #require(place)
    let renewed = Reply.Table(table, [AnswerHeader(name: "X-Who", value: "tally")])
    for content in [Reply.Content.success, .refusal(.unknownApp), .custom(refusal)] {
      for connection in Reply.Connection.allCases {
        let reply = Reply(content: content, connection: connection)
        let (before, after) = (String(buffer: table[reply]), String(buffer: renewed[reply]))
        #expect(before.contains("X-Frame-Options: deny\r\n") && !before.contains("X-Who"))
        #expect(!after.contains("X-Frame-Options") && after.contains("X-Who: tally\r\n"))
        #expect(before.split(separator: "\r\n").last == after.split(separator: "\r\n").last)
        #expect(before.prefix(12) == after.prefix(12))
      }
    }
  }

  @Test("What an answer says itself it does not say twice")
  func own() {
    var message = Reply.Message(status: 200, body: [])
    message.headers = [("x-frame-options", "sameorigin")]
    let text = String(buffer: message.bytes(.keep, AnswerHeader.standard))
    #expect(text.lowercased().ranges(of: "x-frame-options").count == 1)
  }

  @Test("A reader sees a change by its number, and none where nothing changed")
  func version() {
    let headers = AnswerHeaders()
    let before = headers.version
    headers.replace(with: AnswerHeader.standard)
    #expect(headers.version == before)
    headers.replace(with: [])
    #expect(headers.version != before && headers.list.isEmpty)
  }
}
