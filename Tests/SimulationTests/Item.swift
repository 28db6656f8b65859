/// One SDK request, as the simulation means it and before it is written as text.
struct Item {
  var device: String
  var milliseconds: Int64
  var timestampStyle = TimestampStyle.milliseconds
  var begin = false
  var end = false
  /// `session_duration` as sent, with the number a reader should make of it.
  var duration: (text: String, seconds: Int)?
  var metrics: [(name: String, value: String)] = []
  var country: String?
  /// The device that turned out to be this one.
  var oldDevice: String?
  var events: [Event] = []
  /// Makes every request's text its own, so that only retries are duplicates.
  var nonce = 0
  var post = false

  enum TimestampStyle {
    case milliseconds, seconds, fraction
  }

  /// One entry of `events`; numbers in units of 1e-5, with the text that is sent.
  struct Event {
    var key: String
    var milliseconds: Int64?
    var count: Int?
    var sum: Int?
    var duration: Int?
    var segmentation: [(name: String, value: Value)] = []
    var numbersAsText = false
  }

  enum Value {
    case text(String)
    case number(Int)
    case bool(Bool)
    case list([String])

    var json: String {
      switch self {
      case .text(let text): "\"\(text)\""
      case .number(let number): "\(number)"
      case .bool(let bool): "\(bool)"
      case .list(let list): "[" + list.map { "\"\($0)\"" }.joined(separator: ",") + "]"
      }
    }
  }
}
