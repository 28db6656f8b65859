import PluginABI

/// The functions of services a runner asks its host for; the first word of each frame.
enum ServiceCall: UInt64 {
  /// Not a service: the number of a member name, while the plugin is created, enrolled and started.
  case intern = 1
  /// Not a service: the public id of an app.
  case appID = 2
  case defineCommand = 10
  case submit = 11
  case send = 20
  case stage = 21
  case get = 30
  case put = 31
  case remove = 32
  case compareSwap = 33
  case scan = 34
  case defineJob = 40
  case enqueue = 41
  case cancelJob = 42
  case look = 43
  case perform = 50
  case member = 60
  case may = 61
  case audit = 62
  case defineMetric = 70

  /// Whether doing it twice is not the same as doing it once.
  var changesSomething: Bool {
    switch self {
    case .submit, .send, .put, .remove, .compareSwap, .enqueue, .cancelJob, .perform, .audit: true
    default: false
    }
  }
}

/// Words and byte strings in memory that grows: one call of a service, or what it came to.
struct ServiceFrame {
  private(set) var bytes: [UInt8] = []

  init() {}

  init(_ call: ServiceCall) { put(call.rawValue) }

  mutating func put(_ word: UInt64) {
    withUnsafeBytes(of: word) { bytes.append(contentsOf: $0) }
  }

  mutating func put(_ low: UInt32, _ high: UInt32) { put(UInt64(low) | UInt64(high) << 32) }

  mutating func put(_ data: UnsafeRawBufferPointer) {
    put(UInt64(data.count))
    bytes.append(contentsOf: data)
    bytes.append(contentsOf: repeatElement(0, count: -data.count & 7))
  }

  mutating func put(_ text: tally_str) { put(text.bytes) }
  mutating func put(_ data: tally_bytes) { put(data.bytes) }

  mutating func put(_ text: String) {
    var text = text
    text.withUTF8 { put(UnsafeRawBufferPointer($0)) }
  }
}
