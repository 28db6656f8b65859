import Testing

@testable import Host

@Suite("Plain requests")
struct PlainRequestTests {
  /// What was understood, or nil.
  private func read(_ text: String, limits: HTTPLimits = HTTPLimits()) -> PlainRequest? {
    Array(text.utf8).withUnsafeBytes { PlainRequest($0, limits: limits) }
  }

  private func text(_ head: String, _ range: Range<Int>?) -> String? {
    range.map { String(decoding: Array(head.utf8)[$0], as: UTF8.self) }
  }

  @Test("A head says how long it is, where its target lies and what follows")
  func whole() throws {
    let head =
      "POST /i?a=b HTTP/1.1\r\nHost: x\r\nContent-type:application/json ; charset=utf-8\r\n"
      + "X-Forwarded-For:\t 10.0.0.1, 10.0.0.2 \r\nCONTENT-LENGTH: 12 \r\nConnection: Keep-Alive"
      + "\r\nX-Empty:\r\n\r\n"
    let request = try #require(read(head + "more"))
    #expect(request.isPost)
    #expect(text(head, request.target) == "/i?a=b")
    #expect(text(head, request.forwarded) == "10.0.0.1, 10.0.0.2")
    #expect(request.format == .json)
    #expect(request.headBytes == head.utf8.count)
    #expect(request.bodyBytes == 12)
    let get = try #require(read("GET / HTTP/1.1\r\n\r\n"))
    #expect(!get.isPost)
    #expect(get.bytes == 18)
    #expect(get.format == .form)
  }

  @Test(
    "What frames a request otherwise, or is not understood, is left to the decoder",
    arguments: [
      "", "\r\nGET /i HTTP/1.1\r\n\r\n", "HEAD /i HTTP/1.1\r\n\r\n", "get /i HTTP/1.1\r\n\r\n",
      "GET  /i HTTP/1.1\r\n\r\n", "GET /i  HTTP/1.1\r\n\r\n", "GET /i HTTP/1.0\r\n\r\n",
      "GET http://x/i HTTP/1.1\r\n\r\n", "GET /\u{e9} HTTP/1.1\r\n\r\n", "GET /i HTTP/1.1\n\n",
      "GET /i HTTP/1.1\r\n\n", "GET /i HTTP/1.1\r\nA: b\r\n", "GET /i HTTP/1.1\r\nA: b\r\n\r",
      "GET /i HTTP/1.1\r\nA: b\n\r\n", "GET /i HTTP/1.1\r\nA : b\r\n\r\n",
      "GET /i HTTP/1.1\r\n: b\r\n\r\n", "GET /i HTTP/1.1\r\nA\r\n\r\n",
      "GET /i HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "GET /i HTTP/1.1\r\nA: b\rc\r\n\r\n",
      "GET /i HTTP/1.1\r\nA: b\u{0}c\r\n\r\n", "GET /i HTTP/1.1\r\nA: b\u{7f}\r\n\r\n",
      "GET /i HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "GET /i HTTP/1.1\r\ntransfer-encodinG: identity\r\n\r\n",
      "GET /i HTTP/1.1\r\nConnection: close\r\n\r\n",
      "GET /i HTTP/1.1\r\nConnection: keep-alive, x\r\n\r\n",
      "GET /i HTTP/1.1\r\nProxy-Connection: close\r\n\r\n",
      "GET /i HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
      "POST /i HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n",
      "POST /i HTTP/1.1\r\nContent-Length:\r\n\r\n",
      "POST /i HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
      "POST /i HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
      "POST /i HTTP/1.1\r\nContent-Length: 1 1\r\n\r\n",
      "POST /i HTTP/1.1\r\nContent-Length: 0x1\r\n\r\n",
      "POST /i HTTP/1.1\r\nContent-Length: 1234567890\r\n\r\n",
      "POST /i HTTP/1.1\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\n",
      "POST /i HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n",
      "POST /i HTTP/1.1\r\nContent-Type: a\r\nContent-Type: b\r\n\r\n",
      "GET /i HTTP/1.1\r\nX-Forwarded-For: a\r\nX-Forwarded-For: b\r\n\r\n",
    ])
  func other(head: String) {
    #expect(read(head) == nil)
  }

  @Test("Heads beyond the limits are the decoder's to refuse")
  func limits() {
    let field = "A: b\r\n"
    func head(_ fields: Int) -> String {
      "GET /i HTTP/1.1\r\n\(String(repeating: field, count: fields))\r\n"
    }
    var limits = HTTPLimits()
    limits.headerFieldsMax = 3
    #expect(read(head(3), limits: limits) != nil)
    #expect(read(head(4), limits: limits) == nil)
    limits.headerBytesMax = head(3).utf8.count - 1
    #expect(read(head(3), limits: limits) == nil)
  }
}
