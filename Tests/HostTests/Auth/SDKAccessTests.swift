import Testing

@testable import Host

@Suite("What SDKs ask")
struct SDKAccessTests {
  private static let sum = "76038EB37B4E362F4CC679989C18569FE3C93B1AFEE541FF1499C160D2E74861"

  /// The message of the refusal; nil when it is answered.
  private func refusal(_ fields: [(String, String)], body: String, type: String) -> String? {
    var request = QueryRequest(
      httpMethod: "POST", path: "/o/sdk",
      parameters: Dictionary(fields, uniquingKeysWith: { $1 }))
    request.body = Array(body.utf8)
    request.contentType = type
    let access = SDKAccess(directory: AppDirectory([IntakeBench.app(salt: "pepper")]))
    do {
      _ = try access.app(request)
      return nil
    } catch {
      return error.message
    }
  }

  @Test("A form in parts is signed by its fields without escapes, files left out")
  func parts() {
    let type = "multipart/form-data; boundary=----x9"
    let fields = MultipartTests.ids + [("method", "rc"), ("checksum256", Self.sum)]
    let body = MultipartTests.body(fields, file: "png")
    #expect(refusal(fields, body: body, type: type) == nil)
    let changed = MultipartTests.body(MultipartTests.ids + [("method", "sc"), fields[3]])
    #expect(refusal(fields, body: changed, type: type) == "Request does not match checksum")
    let unsigned = Array(fields.dropLast())
    #expect(
      refusal(unsigned, body: MultipartTests.body(unsigned), type: type)
        == "Request does not have checksum")
  }

  @Test("A form is signed by its text")
  func form() {
    let fields = MultipartTests.ids + [("method", "rc"), ("checksum256", Self.sum)]
    let body = fields.map { "\($0)=\($1)" }.joined(separator: "&")
    #expect(refusal(fields, body: body, type: "application/x-www-form-urlencoded") == nil)
    #expect(
      refusal(fields, body: body + "&a=1", type: "application/x-www-form-urlencoded")
        == "Request does not match checksum")
  }
}
