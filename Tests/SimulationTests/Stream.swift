import Foundation
import Harness

/// A seeded stream of requests in their order of arrival, and how they are delivered.
///
/// Each device lives through sessions on its own clock; then most requests arrive soon, some late
/// by anything up to 40 days, so that one device's requests overtake each other.
struct Stream {
  let zone: TimeZone
  private(set) var items: [Item] = []
  private var random: SeededGenerator
  private let startMilliseconds: Int64
  private var arrivals: [(at: Int64, item: Item)] = []
  private var nonce = 0

  static let zones = [
    "America/New_York", "Europe/Istanbul", "Asia/Kathmandu", "Pacific/Apia", "Europe/Berlin",
    "Australia/Lord_Howe", "America/St_Johns",
  ]
  static let dayMilliseconds: Int64 = 86_400_000
  static let daysLateMax: Int64 = 40
  static let daysLived: Int64 = 12

  /// `today` is the last instant any request may carry.
  init(seed: UInt64, today: Int64) {
    random = SeededGenerator(seed: seed)
    let name = Self.zones[Int(seed) % Self.zones.count]
    guard let zone = TimeZone(identifier: name) else { preconditionFailure("no zone \(name)") }
    self.zone = zone
    let latestStart = today - (Self.daysLived + 2) * Self.dayMilliseconds
    startMilliseconds = Self.start(zone, latestStart, &random)
    let deviceCount = random.int(4...12)
    let devices = (0..<deviceCount).map { "device-\(seed)-\($0)" }
    for device in devices { live(device) }
    merge(devices)
    items = arrivals.enumerated()
      .sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element.item)
  }

  /// Half of the streams live around the last change of the clocks, the others anywhere in the
  /// last 300 days.
  private static func start(
    _ zone: TimeZone, _ latest: Int64, _ random: inout SeededGenerator
  ) -> Int64 {
    if random.chance(60) {
      var change = Date(timeIntervalSince1970: Double(latest) / 1_000 - 330 * 86_400)
      var found: [Int64] = []
      while let next = zone.nextDaylightSavingTimeTransition(after: change), next > change {
        change = next
        let start = Int64(next.timeIntervalSince1970 * 1_000) - daysLived / 2 * dayMilliseconds
        if start > latest { break }
        found.append(start)
      }
      if !found.isEmpty { return random.pick(found) }
    }
    return latest - Int64(random.int(0...300 * 86_400)) * 1_000
  }

  /// One device's requests over some days.
  private mutating func live(_ device: String) {
    var profile = Profile(device: device, random: &random)
    var now = startMilliseconds + Int64(random.int(0...86_400_000))
    let end = startMilliseconds + Self.daysLived * Self.dayMilliseconds
    if random.chance(30) { strayRequests(profile, &now) }
    for _ in 0..<random.int(1...9) where now < end {
      if random.chance(25) { profile.change(&random) }
      liveSession(profile, &now)
    }
    if random.chance(20), now < end { strayRequests(profile, &now) }
  }

  /// Devices that turn out to be others: once or in chains, back again, more than once, and also
  /// such as nobody has heard of.
  private mutating func merge(_ devices: [String]) {
    guard random.chance(70) else { return }
    let all = devices + ["unknown-1", "unknown-2"]
    for _ in 0..<random.int(1...devices.count) {
      var now = startMilliseconds + Int64(random.int(0...Int(Self.daysLived * 86_400))) * 1_000
      let (device, old) = (random.pick(all), random.pick(all))
      for _ in 0..<random.pick([1, 1, 1, 2]) {
        let profile = Profile(device: device, random: &random)
        var item = make(profile, now)
        item.oldDevice = old
        item.begin = random.chance(20)
        if random.chance(30) { item.events = profile.events(now, &random) }
        arrive(item, now)
        now += Int64(random.int(0...86_400_000))
      }
    }
  }

  /// Requests that belong to no session.
  private mutating func strayRequests(_ profile: Profile, _ now: inout Int64) {
    for _ in 0..<random.int(1...3) {
      var item = make(profile, now)
      item.events = profile.events(now, &random)
      arrive(item, now)
      now += Int64(random.int(1...7_200_000))
    }
  }

  private mutating func liveSession(_ profile: Profile, _ now: inout Int64) {
    var begin = make(profile, now)
    begin.begin = true
    begin.country = profile.country
    begin.metrics = profile.metrics(&random)
    if random.chance(30) { begin.events = profile.events(now, &random) }
    if random.chance(5) { begin.duration = Self.duration(&random) }
    if random.chance(5) { begin.end = true }
    arrive(begin, now)
    for _ in 0..<random.int(0...4) {
      now += Int64(random.pick([0, 1, 1_000, 60_000, random.int(0...3_600_000)]))
      var item = make(profile, now)
      if random.chance(60) { item.duration = Self.duration(&random) }
      if random.chance(70) { item.events = profile.events(now, &random) }
      arrive(item, now)
    }
    now += Int64(random.int(0...120_000))
    if random.chance(75) {
      var end = make(profile, now)
      end.end = true
      if random.chance(60) { end.duration = Self.duration(&random) }
      if random.chance(20) { end.events = profile.events(now, &random) }
      arrive(end, now)
    }
    now += gap()
  }

  /// The time to the next session: the edges of the cooldown, the edges of `f`, or anything.
  private mutating func gap() -> Int64 {
    let hour: Int64 = 3_600_000
    return switch random.int(0...3) {
    case 0: Int64(random.pick([0, 1, 14_000, 14_999, 15_000, 15_001, 16_000]))
    case 1: Int64(random.pick([24, 48, 192, 360])) * hour - Int64(random.int(0...2))
    case 2: Int64(random.int(1...3_600_000))
    default: Int64(random.int(1...200_000_000))
    }
  }

  private static func duration(_ random: inout SeededGenerator) -> (text: String, seconds: Int) {
    let seconds = random.pick([
      0, 1, 10, 11, 30, 31, 60, 61, 180, 181, 600, 601, 1_800, 1_801, 3_600, 3_601, -5, 86_400,
      86_401, 200_000, random.int(1...100),
    ])
    if random.chance(4) { return (random.pick(["many", "", "null"]), 0) }
    return ("\(seconds)", seconds)
  }

  private mutating func make(_ profile: Profile, _ now: Int64) -> Item {
    nonce += 1
    var item = Item(device: profile.device, milliseconds: now)
    item.nonce = nonce
    item.post = random.chance(50)
    switch random.int(0...9) {
    case 0...6: break
    case 7: item.timestampStyle = .fraction
    default: item.timestampStyle = .seconds
    }
    return item
  }

  private mutating func arrive(_ item: Item, _ now: Int64) {
    let late: Int64 =
      switch random.int(0...9) {
      case 0: Int64(random.int(0...Int(Self.daysLateMax * 86_400))) * 1_000
      case 1, 2: Int64(random.int(0...7_200)) * 1_000
      default: 0
      }
    arrivals.append((now + late, item))
  }
}
