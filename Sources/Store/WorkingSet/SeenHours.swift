/// The local hours in which one user was seen, per series of one plugin. Exact in any order of
/// arrival: days, weeks, months and years are read off the hours, so that nobody is counted twice
/// or missed.
///
/// The value is its own stored form, changed in place. Series follow each other as `id · bytes of
/// its days · days`; a day is `distance · hours`, newest day first, because most insertions are at
/// the newest. The distance counts days down from the day before it in the list (of the first: its
/// zigzag ordinal), shifted left by one; its lowest bit tells one hour (one byte) from a set of
/// hours (three bytes). Numbers are LEB128.
package struct SeenHours: Equatable, Sendable {
  package private(set) var bytes: [UInt8]

  package init(bytes: [UInt8] = []) {
    self.bytes = bytes
  }

  package var isEmpty: Bool { bytes.isEmpty }

  /// Adds an hour and returns the grains, as bits, in whose bucket the user had not been seen
  /// before.
  package mutating func insert(series: Int64, hour: Int32) -> UInt32 {
    let day = Int64(Grain.day(ofHour: hour))
    let hours = UInt32(1) << UInt32(Int64(hour) - day * Int64(Grain.hoursPerDay))
    guard let entry = locate(series) else {
      append(series: series, Day(ordinal: day, hours: hours))
      return Grain.all
    }
    return insert(day, hours, into: entry)
  }

  /// All hours of a series, oldest first.
  package func hours(ofSeries series: Int64) -> [Int32] {
    guard let entry = locate(series) else { return [] }
    var found: [Int32] = []
    var place = entry.days.lowerBound
    var newer: Int64?
    while place < entry.days.upperBound {
      let (day, next) = readDay(place, newer: newer)
      for hour in (0..<Int64(Grain.hoursPerDay)).reversed()
      where day.hours & (1 << UInt32(hour)) != 0 {
        found.append(Int32(day.ordinal * Int64(Grain.hoursPerDay) + hour))
      }
      (place, newer) = (next, day.ordinal)
    }
    return found.reversed()
  }

  /// Adds everything another user was seen in.
  package mutating func formUnion(_ other: SeenHours) {
    var place = 0
    while place < other.bytes.count {
      let (id, length) = other.readNumber(place)
      let (count, start) = other.readNumber(length)
      let end = start + Int(count)
      add(other.days(start..<end), toSeries: Int64(bitPattern: id))
      place = end
    }
  }

  private mutating func add(_ days: [Day], toSeries series: Int64) {
    var mine = locate(series).map { self.days($0.days) } ?? []
    for day in days {
      if let known = mine.firstIndex(where: { $0.ordinal <= day.ordinal }) {
        if mine[known].ordinal == day.ordinal {
          mine[known] = Day(ordinal: day.ordinal, hours: mine[known].hours | day.hours)
        } else {
          mine.insert(day, at: known)
        }
      } else {
        mine.append(day)
      }
    }
    var encoded: [UInt8] = []
    var newer: Int64?
    for day in mine {
      var patch = Patch()
      patch.append(day, newer: newer)
      encoded += patch
      newer = day.ordinal
    }
    var header = Patch()
    guard let entry = locate(series) else {
      header.append(UInt64(bitPattern: series))
      header.append(UInt64(encoded.count))
      bytes += Array(header) + encoded
      return
    }
    header.append(UInt64(encoded.count))
    bytes.replaceSubrange(entry.length.lowerBound..<entry.days.upperBound, with: header + encoded)
  }

  /// The days of a series, newest first.
  private func days(_ range: Range<Int>) -> [Day] {
    var found: [Day] = []
    var place = range.lowerBound
    while place < range.upperBound {
      let (day, next) = readDay(place, newer: found.last?.ordinal)
      found.append(day)
      place = next
    }
    return found
  }

  // MARK: Insertion

  private struct Day {
    let ordinal: Int64
    /// A bit per hour.
    let hours: UInt32
  }

  /// Where a series lies.
  private struct Entry {
    /// The number of bytes of its days.
    let length: Range<Int>
    let days: Range<Int>
  }

  private mutating func insert(_ day: Int64, _ hours: UInt32, into entry: Entry) -> UInt32 {
    var place = entry.days.lowerBound
    var newer: Int64?
    while place < entry.days.upperBound {
      let (known, next) = readDay(place, newer: newer)
      if known.ordinal == day {
        guard known.hours & hours == 0 else { return 0 }
        var patch = Patch()
        patch.append(Day(ordinal: day, hours: known.hours | hours), newer: newer)
        replace(place..<next, with: patch, in: entry)
        return Grain.hour.rawValue
      }
      if known.ordinal < day {
        // The older day's distance now counts from the new one.
        var patch = Patch()
        patch.append(Day(ordinal: day, hours: hours), newer: newer)
        patch.append(known, newer: day)
        replace(place..<next, with: patch, in: entry)
        return Self.grainsNew(day, newer: newer, older: known.ordinal)
      }
      (place, newer) = (next, known.ordinal)
    }
    var patch = Patch()
    patch.append(Day(ordinal: day, hours: hours), newer: newer)
    replace(place..<place, with: patch, in: entry)
    return Self.grainsNew(day, newer: newer, older: nil)
  }

  /// A bucket is a run of days: it was empty exactly when neither neighbour of the new day lies in
  /// it.
  private static func grainsNew(_ day: Int64, newer: Int64?, older: Int64?) -> UInt32 {
    var grains = Grain.hour.rawValue | Grain.day.rawValue
    let buckets = Self.buckets(day)
    let neighbours = (newer.map(Self.buckets), older.map(Self.buckets))
    for grain in [Grain.week, .isoWeek, .month, .year] {
      let bucket = buckets[grain]
      if neighbours.0?[grain] != bucket, neighbours.1?[grain] != bucket { grains |= grain.rawValue }
    }
    return grains
  }

  private static func buckets(_ day: Int64) -> Buckets {
    Buckets(hour: Int32(truncatingIfNeeded: day * Int64(Grain.hoursPerDay)))
  }

  // MARK: Bytes

  private func locate(_ series: Int64) -> Entry? {
    var place = 0
    while place < bytes.count {
      let (id, length) = readNumber(place)
      let (count, days) = readNumber(length)
      if Int64(bitPattern: id) == series {
        return Entry(length: length..<days, days: days..<days + Int(count))
      }
      place = days + Int(count)
    }
    return nil
  }

  private mutating func append(series: Int64, _ day: Day) {
    var patch = Patch()
    patch.append(day, newer: nil)
    var header = Patch()
    header.append(UInt64(bitPattern: series))
    header.append(UInt64(patch.count))
    bytes.reserveCapacity(bytes.count + header.count + patch.count)
    header.forEach { bytes.append($0) }
    patch.forEach { bytes.append($0) }
  }

  private mutating func replace(_ range: Range<Int>, with patch: Patch, in entry: Entry) {
    var length = Patch()
    length.append(UInt64(entry.days.count - range.count + patch.count))
    bytes.replaceSubrange(range, with: patch)
    bytes.replaceSubrange(entry.length, with: length)
  }

  private func readDay(_ place: Int, newer: Int64?) -> (Day, next: Int) {
    let (number, hours) = readNumber(place)
    let distance = number >> 1
    let ordinal =
      newer.map { $0 - Int64(distance) }
      ?? Int64(bitPattern: distance >> 1) ^ -Int64(bitPattern: distance & 1)
    if number & 1 == 0 {
      return (Day(ordinal: ordinal, hours: 1 << UInt32(bytes[hours])), hours + 1)
    }
    let set = UInt32(bytes[hours]) | UInt32(bytes[hours + 1]) << 8 | UInt32(bytes[hours + 2]) << 16
    return (Day(ordinal: ordinal, hours: set), hours + 3)
  }

  @inline(__always)
  private func readNumber(_ start: Int) -> (UInt64, next: Int) {
    var place = start
    var number: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = bytes[place]
      place += 1
      number |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return (number, place) }
      shift += 7
    }
  }

  /// A few bytes on the stack: two days at most.
  private struct Patch: RandomAccessCollection {
    private var storage = SIMD32<UInt8>()
    private(set) var count = 0

    var startIndex: Int { 0 }
    var endIndex: Int { count }
    subscript(place: Int) -> UInt8 { storage[place] }

    mutating func append(_ number: UInt64) {
      var rest = number
      while rest >= 0x80 {
        append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      append(UInt8(rest))
    }

    mutating func append(_ day: Day, newer: Int64?) {
      let distance =
        newer.map { UInt64($0 - day.ordinal) }
        ?? UInt64(bitPattern: (day.ordinal << 1) ^ (day.ordinal >> 63))
      let isSet = day.hours & (day.hours - 1) != 0
      append(distance << 1 | (isSet ? 1 : 0))
      guard isSet else { return append(UInt8(day.hours.trailingZeroBitCount)) }
      for shift in [UInt32(0), 8, 16] { append(UInt8(truncatingIfNeeded: day.hours >> shift)) }
    }

    private mutating func append(_ byte: UInt8) {
      storage[count] = byte
      count += 1
    }
  }
}
