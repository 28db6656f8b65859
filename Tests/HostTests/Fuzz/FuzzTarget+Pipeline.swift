import Testing

@testable import Host

/// What the pipeline reads of a request that intake let in, and what stands before a request.
extension FuzzTarget {
  static let items = FuzzTarget(
    name: "items",
    mutator: Mutator(
      [
        #"{"timestamp":1717243200123,"begin_session":1,"metrics":{"_os":"A","_app_version":"3.1"}}"#,
        #"{"events":[{"key":"buy","count":2,"sum":19.98,"dur":"1.5","segmentation":{"a":[1,2]},"#
          + #""timestamp":1717243200456},{"key":"[CLY]_view","segmentation":{"name":"\ud83d\ude00"}}]}"#,
        #"{"events":"[{\"key\":\"system.a..b$\",\"count\":\"12\"}]","x":[[[[{"y":[1e10,-0.5,null]}]]]]}"#,
        #"[123456789012345678901,1e400,"\ud800\udc00\u0000",{"key":{"key":[]}}]"#,
      ], splices: json.mutator.splices.map { String(decoding: $0, as: UTF8.self) }),
    reader: {
      let bench = FuzzBench()
      return { bench.decode($0) }
    })

  private static let received = DecodeBench.receivedMs

  static let timestamps = FuzzTarget(
    name: "timestamps",
    mutator: Mutator(
      [
        "1717243200123", "1717243200", "1717243200.123", "1717243200123.5", "-1", "1e12",
        "1.7172432e12", "99999999999999999999", "9223372036854775807", "-9223372036854775808",
        " 1717243200123\n", "0x10", "NaN", "Infinity", "+5", ".5", "5.", "1e-400", "4.9e-324",
      ],
      splices: [
        "0", "9", ".", "-", "+", "e", "E", "e+", "e-", "1e308", " ", "\t", "000", "17172432",
        "1717243200123", "_", ",",
      ]),
    reader: {
      let bench = FuzzBench()
      return { text in bench.misreads(number: text) ?? bench.decode(time: text) }
    })

  static let heads = FuzzTarget(
    name: "heads",
    mutator: Mutator(
      [
        ServerBench.get("/i?\(ServerBench.ids)"), ServerBench.post("/i", ServerBench.ids),
        ServerBench.request(
          "POST", "/i/bulk", ["X-Forwarded-For: 198.51.100.7", "Content-Type: application/json"],
          body: "{}"),
      ],
      splices: [
        "\r\n", "\r\n\r\n", " ", "\t", ":", "Content-Length: 5\r\n",
        "Content-Length: 999999999\r\n", "Transfer-Encoding: chunked\r\n",
        "Connection: keep-alive\r\n", " HTTP/1.1\r\n", "POST /",
        "X-Forwarded-For: 10.0.0.1\r\n", "Content-Type: multipart/form-data\r\n", "A: b\r\n",
      ]),
    reader: {
      { text in
        text.withUnsafeBytes { bytes in
          guard let head = PlainRequest(bytes, limits: HTTPLimits()) else { return nil }
          let places = [head.target, head.forwarded ?? head.target, 0..<head.headBytes]
          let areWithin = places.allSatisfy { $0.upperBound <= bytes.count }
          return areWithin && head.bodyBytes >= 0 ? nil : "a head beyond its text"
        }
      }
    })
}
