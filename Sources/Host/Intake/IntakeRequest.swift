/// One HTTP request on an SDK path, as bytes. Borrowed: valid during the call it is passed to.
struct IntakeRequest {
  /// Which of the two SDK paths.
  enum Route {
    case single
    case bulk
  }

  /// How a body is written.
  enum BodyFormat {
    case form
    case json
    case multipart
  }

  let route: Route
  /// The request target as sent: path and query.
  let target: UnsafeRawBufferPointer
  /// The body of a POST; nil for a GET.
  let body: UnsafeRawBufferPointer?
  let format: BodyFormat
  let receivedMs: Int64

  /// What follows the first `?`.
  var query: UnsafeRawBufferPointer {
    guard let mark = target.firstIndex(of: UInt8(ascii: "?")) else { return target.part(0, 0) }
    return target.suffix(after: mark + 1)
  }
}
