import Testing

@testable import Host

@Suite("Order of replies")
struct ReplyQueueTests {
  private func reply(_ content: Reply.Content) -> Reply {
    Reply(content: content, connection: .keep)
  }

  @Test("A reply that is known waits for those before it")
  func order() {
    var queue = ReplyQueue()
    let first = queue.expect(.keep)
    queue.push(reply(.preflight))
    let third = queue.expect(.close)
    #expect(queue.next() == nil)
    queue.resolve(third, .success)
    #expect(queue.next() == nil)
    queue.resolve(first, .refusal(.syncFailed))
    #expect(queue.next() == reply(.refusal(.syncFailed)))
    #expect(queue.next() == reply(.preflight))
    #expect(queue.next() == Reply(content: .success, connection: .close))
    #expect(queue.isEmpty)
  }

  @Test("A number that is answered, unknown or long gone changes nothing")
  func strayNumbers() {
    var queue = ReplyQueue()
    let first = queue.expect(.keep)
    queue.resolve(first, .success)
    queue.resolve(first, .refusal(.syncFailed))
    queue.resolve(first &+ 1, .success)
    #expect(queue.next() == reply(.success))
    queue.resolve(first, .success)
    #expect(queue.next() == nil)
    let second = queue.expect(.keep)
    queue.resolve(first, .success)
    #expect(queue.next() == nil)
    queue.resolve(second, .success)
    #expect(queue.next() == reply(.success))
  }
}

@Suite("Replies")
struct ReplyTests {
  private let table = Reply.Table()

  private func text(_ content: Reply.Content, _ connection: Reply.Connection = .keep) -> String {
    String(buffer: table[Reply(content: content, connection: connection)])
  }

  @Test("Success is these bytes")
  func success() {
    #expect(
      text(.success) == """
        HTTP/1.1 200 OK\r
        Content-Type: application/json; charset=utf-8\r
        X-Frame-Options: deny\r
        X-XSS-Protection: 1; mode=block\r
        Access-Control-Allow-Origin: *\r
        Content-Length: 20\r
        \r
        {"result":"Success"}
        """)
  }

  @Test(
    "Every text of the protocol is word for word",
    arguments: [
      (Refusal.missingIDs, #"400 {"result":"Missing parameter \"app_key\" or \"device_id\""}"#),
      (.zeroDeviceID, #"200 {"result":"Ignoring device_id"}"#),
      (.unknownApp, #"400 {"result":"App does not exist"}"#),
      (.pausedApp, #"400 {"result":"App is currently not accepting data"}"#),
      (.lockedApp, #"403 {"result":"App is locked"}"#),
      (.checksumMissing, #"200 {"result":"Request does not have checksum"}"#),
      (.checksumMismatch, #"200 {"result":"Request does not match checksum"}"#),
      (.requestsMissing, #"400 {"result":"Missing parameter \"requests\""}"#),
      (.requestsInvalid, #"400 {"result":"Invalid parameter \"requests\""}"#),
      (.appIDInvalid, #"400 {"result":"Invalid parameter \"app_id\""}"#),
      (.userIDInvalid, #"400 {"result":"Invalid parameter \"user_id\""}"#),
      (.methodNotAllowed, #"405 {"result":"Method not allowed"}"#),
    ])
  func protocolTexts(_ refusal: Refusal, _ expected: String) {
    #expect(RawClient.summary(text(.refusal(refusal))) == expected)
  }

  @Test("Every refusal has the headers all answers have, and a length that is right")
  func headers() throws {
    for refusal in Refusal.allCases {
      for connection in Reply.Connection.allCases {
        let text = text(.refusal(refusal), connection)
        #expect(text.contains("\r\nAccess-Control-Allow-Origin: *\r\n"))
        #expect(text.contains("\r\nContent-Type: application/json; charset=utf-8\r\n"))
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1)
        try #require(parts.count == 2)
        #expect(text.contains("\r\nContent-Length: \(parts[1].utf8.count)\r\n"))
        #expect(text.contains("Connection: close") == (connection == .close))
        #expect(text.hasPrefix("HTTP/1.1 503") == text.contains("Retry-After: "), "\(refusal)")
      }
    }
  }
}
