/// What the text of a `period` parameter asks for, before it meets a clock and a calendar.
enum PeriodSyntax: Equatable {
  /// Today by hours.
  case hour
  case yesterday
  /// The current month by days.
  case day
  /// The current year by months.
  case month
  case previousMonth
  /// That many days, today included.
  case lastDays(Int32)
  case range(Bound, Bound)

  enum Bound: Equatable {
    case instant(ms: Int64)
    case date(CivilDate)
  }

  /// What every text falls back to that is none of the syntaxes.
  static let fallback = lastDays(30)

  /// The longest period in days, two hundred years; whatever asks for more falls back.
  static let daysMax: Int32 = 73_200

  init(_ text: String) {
    switch text {
    case "hour": self = .hour
    case "yesterday": self = .yesterday
    case "day": self = .day
    case "month": self = .month
    case "prevMonth": self = .previousMonth
    default: self = Self.lastDays(text) ?? Self.range(text) ?? .fallback
    }
  }

  /// `<N>days`, `<N>weeks` of seven days, `<N>months` of thirty.
  private static func lastDays(_ text: String) -> PeriodSyntax? {
    for (unit, days) in [("days", Int32(1)), ("weeks", 7), ("months", 30)]
    where text.hasSuffix(unit) {
      guard let count = number(text.utf8.dropLast(unit.utf8.count)).flatMap(Int32.init(exactly:)),
        (1...daysMax / days).contains(count)
      else { return nil }
      return .lastDays(count * days)
    }
    return nil
  }

  /// `[bound,bound]`; a bound is a number of milliseconds or a quoted date.
  private static func range(_ text: String) -> PeriodSyntax? {
    let bytes = trimmed(text.utf8[...])
    guard bytes.count > 2, bytes.first == UInt8(ascii: "["), bytes.last == UInt8(ascii: "]") else {
      return nil
    }
    let parts = bytes.dropFirst().dropLast().split(
      separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard parts.count == 2, let first = bound(trimmed(parts[0])),
      let last = bound(trimmed(parts[1]))
    else { return nil }
    return .range(first, last)
  }

  private static func bound(_ bytes: Bytes) -> Bound? {
    if bytes.count > 2, bytes.first == quote, bytes.last == quote {
      return date(trimmed(bytes.dropFirst().dropLast())).map(Bound.date)
    }
    // JSON writers may put a fraction behind the milliseconds; it says nothing about the day.
    let whole = bytes.firstIndex(of: UInt8(ascii: ".")).map { bytes[..<$0] } ?? bytes
    let fraction = bytes[whole.endIndex...].dropFirst()
    guard fraction.allSatisfy(isDigit), whole.endIndex == bytes.endIndex || !fraction.isEmpty else {
      return nil
    }
    return number(whole).map(Bound.instant(ms:))
  }

  /// `DD-MM-YYYY`, optionally followed by `HH:mm:ss`. The time is checked and left aside: a range
  /// is of whole days.
  private static func date(_ bytes: Bytes) -> CivilDate? {
    let words = bytes.split(separator: UInt8(ascii: " "))
    guard (1...2).contains(words.count),
      let parts = numbers(words[0], separator: UInt8(ascii: "-"), digits: [2, 2, 4])
    else { return nil }
    if words.count == 2 {
      guard let time = numbers(words[1], separator: UInt8(ascii: ":"), digits: [2, 2, 2]),
        time[0] < 24, time[1] < 60, time[2] < 60
      else { return nil }
    }
    return CivilDate(year: parts[2], month: parts[1], day: parts[0])
  }

  /// Three numbers of at most that many digits.
  private static func numbers(_ bytes: Bytes, separator: UInt8, digits: [Int]) -> [Int32]? {
    let parts = bytes.split(separator: separator, omittingEmptySubsequences: false)
    guard parts.count == digits.count else { return nil }
    var found: [Int32] = []
    for (part, digitsMax) in zip(parts, digits) {
      guard part.count <= digitsMax, part.allSatisfy(isDigit), let value = number(part) else {
        return nil
      }
      found.append(Int32(value))
    }
    return found
  }

  private static func number(_ bytes: Bytes) -> Int64? {
    Int64(String(bytes) ?? "")
  }

  private static func trimmed(_ bytes: Bytes) -> Bytes {
    var rest = bytes
    while let first = rest.first, isSpace(first) { rest.removeFirst() }
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return rest
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || (9...13).contains(byte)
  }

  private typealias Bytes = Substring.UTF8View
  private static let quote = UInt8(ascii: "\"")
}
