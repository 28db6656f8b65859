import Harness

extension Item {
  var timestampText: String {
    switch timestampStyle {
    case .milliseconds: "\(milliseconds)"
    case .seconds: "\(milliseconds / 1_000)"
    case .fraction:
      "\(milliseconds / 1_000)." + String(String(1_000 + milliseconds % 1_000).dropFirst())
    }
  }

  /// The request as name and value pairs, nested values as JSON text.
  private func parameters(appKey: String?) -> [(name: String, value: String, isJSON: Bool)] {
    var list: [(name: String, value: String, isJSON: Bool)] = []
    if let appKey { list.append(("app_key", appKey, false)) }
    list.append(("device_id", device, false))
    list.append(("timestamp", timestampText, false))
    if begin { list.append(("begin_session", "1", false)) }
    if end { list.append(("end_session", "1", false)) }
    if let duration { list.append(("session_duration", duration.text, false)) }
    if let country { list.append(("country_code", country, false)) }
    if let oldDevice { list.append(("old_device_id", oldDevice, false)) }
    if !metrics.isEmpty {
      let members = metrics.map { "\"\($0.name)\":\"\($0.value)\"" }
      list.append(("metrics", "{" + members.joined(separator: ",") + "}", true))
    }
    if !events.isEmpty {
      list.append(("events", "[" + events.map(\.json).joined(separator: ",") + "]", true))
    }
    list.append(("nonce", "\(nonce)", false))
    return list
  }

  /// As a query string or form body. `attempt` goes into `rr`, which is not part of the identity.
  func form(appKey: String, attempt: Int) -> String {
    let pairs = parameters(appKey: appKey).map { $0.name + "=" + percentEncoded($0.value) }
    return pairs.joined(separator: "&") + "&rr=\(attempt)"
  }

  /// As an element of `requests`.
  var bulkJSON: String {
    let members = parameters(appKey: nil).map { parameter in
      "\"\(parameter.name)\":" + (parameter.isJSON ? parameter.value : "\"\(parameter.value)\"")
    }
    return "{" + members.joined(separator: ",") + "}"
  }
}

extension Item.Event {
  var json: String {
    var members = ["\"key\":\(JSON.quote(key))"]
    let quote = numbersAsText ? "\"" : ""
    if let count { members.append("\"count\":\(quote)\(count)\(quote)") }
    if let sum { members.append("\"sum\":\(quote)\(decimal(sum))\(quote)") }
    if let duration { members.append("\"dur\":\(quote)\(decimal(duration))\(quote)") }
    if let milliseconds { members.append("\"timestamp\":\(milliseconds)") }
    if !segmentation.isEmpty {
      let pairs = segmentation.map { "\(JSON.quote($0.name)):\($0.value.json)" }
      members.append("\"segmentation\":{" + pairs.joined(separator: ",") + "}")
    }
    return "{" + members.joined(separator: ",") + "}"
  }
}

/// Units of 1e-5 as a decimal number.
func decimal(_ units: Int) -> String {
  let (whole, rest) = abs(units).quotientAndRemainder(dividingBy: 100_000)
  var text = (units < 0 ? "-" : "") + "\(whole)"
  if rest > 0 {
    let digits = String(String(100_000 + rest).dropFirst())
    text += "." + String(digits.reversed().drop { $0 == "0" }.reversed())
  }
  return text
}

/// Percent-encodes everything that is not a letter, a digit or one of `-_.~`.
func percentEncoded(_ text: String) -> String {
  var out = ""
  for byte in text.utf8 {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
      UInt8(ascii: "."), UInt8(ascii: "~"):
      out.unicodeScalars.append(UnicodeScalar(byte))
    default:
      let hex = String(byte, radix: 16, uppercase: true)
      out += "%" + (hex.count < 2 ? "0" : "") + hex
    }
  }
  return out
}
