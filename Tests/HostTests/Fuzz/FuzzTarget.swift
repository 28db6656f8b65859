import Testing

@testable import Host

/// A parser, texts it knows, and what must hold of whatever it makes of others.
struct FuzzTarget: Sendable, CustomTestStringConvertible {
  /// Says what is wrong with what became of an input.
  typealias Reader = ([UInt8]) -> String?

  let name: String
  let mutator: Mutator
  let reader: @Sendable () -> Reader

  var testDescription: String { name }

  static let all = [form, query, json, bulk, multipart, items, timestamps, heads, pictures]

  private static let events =
    #"[{"key":"buy","count":2,"sum":19.98,"dur":"1.5","segmentation":{"a":[1,2],"b":true},"#
    + #""timestamp":1717243200456},{"key":"[CLY]_view","segmentation":{"name":"Cart \ud83d\ude00"}}]"#
  private static let jsonSplices = [
    "{", "}", "[", "]", "\"", "\\", ",", ":", "\\u", "\\ud800", "\\udc00", "1e999", "-", "0", "e",
    "12345678901234567890123", "null", "\"key\":", "\"count\":", "\"events\":[", "  ", ".",
    "\"device_id\":", "\"requests\":[", "\"old_device_id\":",
  ]
  private static let formSplices = [
    "%", "%4", "%00", "&", "=", "+", "\"", "\\", "{", "[", "]", "}", ",", "\\u", "&events=",
    "&device_id=", "&app_key=", "&requests=", "&timestamp=", "&old_device_id=",
  ]
  private static let ids = "app_key=\(IntakeBench.key)&device_id=device-42"
  private static let forms = [
    "\(ids)&timestamp=1717243200123&rr=3&checksum256=AB"
      + "&events=%5B%7B%22key%22%3A%22a%22%2C%22count%22%3A1%7D%5D&metrics=%7B%22_os%22%3A%22A+B%22%7D",
    "\(ids)&old_device_id=b&events=\(events)",
    #"app_key=\#(IntakeBench.key)&requests=[{"device_id":"a","timestamp":1},{"device_id":"b\u00e9"}]"#,
  ]

  /// Read as one request and as a list of them, by both of which it may be sent.
  private static func body(_ format: IntakeRequest.BodyFormat) -> @Sendable () -> Reader {
    {
      let bench = FuzzBench()
      return { text in
        bench.read("/i", text, format) ?? bench.read("/i/bulk", text, format, bulk: true)
      }
    }
  }

  static let form = FuzzTarget(
    name: "form", mutator: Mutator(forms, splices: formSplices),
    reader: {
      let bench = FuzzBench()
      let read = body(.form)()
      return { text in read(text) ?? bench.differs(inValue: text) }
    })

  static let query = FuzzTarget(
    name: "query", mutator: Mutator(forms, splices: formSplices + ["?", "#", "/", " "]),
    reader: {
      let bench = FuzzBench()
      return { text in bench.read("/i?", text, nil) }
    })

  static let json = FuzzTarget(
    name: "json",
    mutator: Mutator(
      [
        #"{"app_key":"\#(IntakeBench.key)","device_id":"d","requests":[{"device_id":"a"}],"#
          + #""m":{"a":[1,"\\"]}}"#,
        #"{"app_key":"\#(IntakeBench.key)","device_id":"d","timestamp":1717243200123,"events":\#(events)}"#,
      ], splices: jsonSplices),
    reader: body(.json))

  static let bulk = FuzzTarget(
    name: "bulk",
    mutator: Mutator(
      [
        #"{"device_id":"a","timestamp":1717243200123,"begin_session":1,"metrics":{"_os":"Android"}}"#,
        #"{"device_id":"b","events":\#(events)},{"device_id":"c","old_device_id":"b"}"#,
        #"{"app_key":"\#(IntakeBench.key)","device_id":"d","user_details":"{\"name\":\"n\"}"}"#,
      ], splices: jsonSplices),
    reader: {
      let bench = FuzzBench()
      let outer = Array(#"{"app_key":"\#(IntakeBench.key)","requests":["#.utf8)
      return { text in bench.read("/i/bulk", outer + text + Array("]}".utf8), .json, bulk: true) }
    })

  static let multipart = FuzzTarget(
    name: "multipart",
    mutator: Mutator(
      [
        MultipartTests.body(
          MultipartTests.ids + [("timestamp", "1717243200123"), ("events", events)], file: "png"),
        MultipartTests.body(
          [("app_key", IntakeBench.key), ("requests", #"[{"device_id":"a"},{"device_id":"b"}]"#)]),
      ],
      splices: [
        "\r\n", "--", "------x9", "--\r\n", "; ", "=", "\"", "\\", ":", "name", "\r", "\n",
        "filename=\"", "\r\n------x9\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n",
      ]),
    reader: body(.multipart))
}
