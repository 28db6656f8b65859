import Testing

@testable import Host

@Suite("Multipart bodies")
struct MultipartTests {
  static let ids = [("app_key", IntakeBench.key), ("device_id", "device-42")]

  /// A form as clients write it.
  static func body(
    _ fields: [(String, String)], boundary: String = "----x9", file: String? = nil
  ) -> String {
    let parts = fields.map { name, value in
      "Content-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)"
    }
    let files = file.map {
      [
        "Content-Disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n"
          + "Content-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n\($0)"
      ]
    }
    return (parts + (files ?? [])).map { "--\(boundary)\r\n\($0)\r\n" }.joined()
      + "--\(boundary)--\r\n"
  }

  @Test("Fields are the parameters of a form, as they stand, and win over the query")
  func fields() throws {
    let bench = IntakeBench()
    let body = Self.body(
      Self.ids + [("events", #"[{"key":"a+b%20c&d=e"}]"#), ("empty", ""), ("n", "é\r\n--\r\n")])
    let item = try #require(bench.multipart(body, target: "/i?n=1&m=2").items.first)
    #expect(item.device == "device-42")
    #expect(
      item.parameters == [
        "events": #"[{"key":"a+b%20c&d=e"}]"#, "empty": "", "n": "é\r\n--\r\n", "m": "2",
      ])
  }

  @Test("A device id with escapes is the text itself")
  func device() throws {
    let body = Self.body([("app_key", IntakeBench.key), ("device_id", "é+%41")])
    #expect(IntakeBench().multipart(body).items.first?.device == "é+%41")
  }

  @Test("A list of requests is read like that of a form")
  func bulk() throws {
    let list = #"[{"device_id":"a","n":"é+%41"},{"device_id":"b"}]"#
    let body = Self.body([("app_key", IntakeBench.key), ("requests", list)])
    let items = IntakeBench().multipart(body, target: "/i/bulk", bulk: true).items
    #expect(items.map(\.device) == ["a", "b"])
    #expect(items.first?.object == #"{"device_id":"a","n":"é+%41"}"#)
  }

  @Test("Heads in other letters, orders and with blanks say the same")
  func heads() throws {
    let body =
      "--b\r\ncontent-type: text/plain\r\nCONTENT-DISPOSITION:form-data ;  NAME=app_key\r\n\r\n"
      + "\(IntakeBench.key)\r\n--b\r\nContent-Disposition: form-data; x=\"a;\\\"b\"; name=\"device_id\""
      + "\r\n\r\nd\r\n--b--"
    let item = try #require(IntakeBench().multipart(body).items.first)
    #expect(item.device == "d")
    #expect(item.parameters == [:])
  }

  @Test("The same form sent again has the same hash, whatever its boundary; another has not")
  func hash() throws {
    func hash(_ fields: [(String, String)], _ boundary: String, _ file: String?) throws -> UInt64 {
      let body = Self.body(Self.ids + fields, boundary: boundary, file: file)
      return try #require(IntakeBench().multipart(body).items.first).hash
    }
    let fields = [("timestamp", "1717243200123"), ("rr", "3")]
    let first = try hash(fields, "one", "png")
    #expect(first != 0)
    #expect(try hash([("timestamp", "1717243200123"), ("rr", "2")], "two", "png") == first)
    #expect(try hash(fields, "one", "gif") != first)
    #expect(try hash(fields + [("a", "1")], "one", "png") != first)
  }

  @Test("The checksum is over the fields without escapes", arguments: ["pepper", "salt"])
  func checksum(_ salt: String) {
    let sum = "22CF3F85A818F77D4F35C2E0F744F46514984F84AA54E3D9A7A1BC0B71381524"
    let fields = [
      ("begin_session", "1"), ("timestamp", "1717243200123"), ("checksum256", sum),
    ]
    let bench = IntakeBench([IntakeBench.app(salt: salt)])
    let admission = bench.multipart(Self.body(Self.ids + fields, file: "png"))
    #expect(
      salt == "pepper" ? admission.items.count == 1 : admission == .refused(.checksumMismatch))
  }

  @Test("Files that nobody keeps are left out and counted")
  func files() throws {
    let bench = IntakeBench()
    let item = try #require(bench.multipart(Self.body(Self.ids, file: "x")).items.first)
    #expect(item.parameters == [:])
    #expect(bench.metrics.filesIgnored.count == 1)
  }

  @Test(
    "What is not exactly a form is refused",
    arguments: [
      "x", "--", "--\r\n", "--\"b\r\n\r\n--\"b--", "--b\\\r\n--b\\--", "--b", "--b\r\n",
      "--b\r\n\r\nx\r\n--b--", "--b--x--b\r\n",
      "preamble\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--",
      "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--",
      "--b\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--c--",
      "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--bx--",
      "--b\r\nContent-Disposition: form-data; name=\"a\"\n\n1\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=\"a\\\"\r\n\r\n1\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=\"a\" x\r\n\r\n1\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\n1\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n"
        + "Content-Disposition: form-data; name=\"b\"\r\n\r\n1\r\n--b--",
      "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n"
        + "Content-Transfer-Encoding: base64\r\n\r\nMQ==\r\n--b--",
      "--b\r\nx: \(String(repeating: "y", count: MultipartForm.headBytesMax))\r\n"
        + "Content-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--",
      "--" + String(repeating: "b", count: MultipartForm.boundaryBytesMax + 1) + "\r\n",
    ])
  func malformed(_ body: String) {
    let target = "/i?app_key=\(IntakeBench.key)&device_id=d"
    #expect(IntakeBench().multipart(body, target: target) == .refused(.malformedMultipart))
  }

  @Test("A name that is not UTF-8 is refused; a value is repaired and counted")
  func encoding() {
    let bench = IntakeBench()
    let body = Array(Self.body(Self.ids + [("a", "~")]).utf8)
    let value = body.map { $0 == UInt8(ascii: "~") ? 0xFF : $0 }
    #expect(
      bench.admit(Array("/i".utf8), body: value, .multipart).items.first?.parameters["a"]
        == "\u{FFFD}")
    #expect(bench.metrics.valuesRepaired.count == 1)
    let name = Array(Self.body(Self.ids + [("~", "1")]).utf8)
      .map { $0 == UInt8(ascii: "~") ? 0xFF : $0 }
    #expect(
      bench.admit(Array("/i".utf8), body: name, .multipart) == .refused(.malformedMultipart))
  }

  @Test("Cut anywhere, a form is refused whole")
  func cut() {
    let body = Array(Self.body(Self.ids + [("a", "1")], file: "png").utf8)
    let bench = IntakeBench()
    for count in 1..<body.count - 4 {
      let admission = bench.admit(Array("/i".utf8), body: Array(body.prefix(count)), .multipart)
      #expect(admission == .refused(.malformedMultipart), "\(count)")
    }
  }

  @Test("More parts than a request may have parameters are refused, also of one name and files")
  func tooMany() {
    let limit = IntakeLimits().parametersMax
    let same = Self.body(Array(repeating: ("a", "1"), count: limit + 1))
    #expect(IntakeBench().multipart(same) == .refused(.tooManyParameters))
    let file = Self.body([], file: "x").dropLast(11)
    let files = String(repeating: String(file), count: limit + 1) + "------x9--"
    #expect(IntakeBench().multipart(files) == .refused(.tooManyParameters))
    let name = String(repeating: "n", count: IntakeLimits().nameBytesMax + 1)
    #expect(
      IntakeBench().multipart(Self.body(Self.ids + [(name, "1")]))
        == .refused(.parameterNameTooLong))
  }

  @Test("Bytes that nearly are boundaries cost no more than others")
  func nearly() throws {
    let near = String(repeating: "\r\n------x8\r\n------x", count: 400_000)
    let bench = IntakeBench()
    let elapsed = ContinuousClock().measure {
      #expect(
        bench.multipart(Self.body(Self.ids + [("a", near)])).items.first?.parameters["a"] == near)
    }
    #expect(elapsed < .seconds(5), "\(elapsed)")
  }
}
