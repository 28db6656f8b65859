import Harness

/// What one device says about itself, and the events it has to tell.
struct Profile {
  let device: String
  private var os: (name: String, version: String)
  private var carrier: String?
  private var appVersion: String
  private let model: String
  private(set) var country: String?

  private static let systems = [
    ("Android", "14"), ("Android", "4.4.2"), ("iOS", "7.1"), ("iOS", "17"), ("Windows", "11"),
    ("Linux", "6.1"),
  ]
  private static let carriers = ["vodafone", "Orange", "Three", "$Free"]
  private static let versions = ["1.0", "2.1.3", "3", "10"]
  private static let countries = ["DE", "US", "NP", "WS"]

  init(device: String, random: inout SeededGenerator) {
    self.device = device
    os = random.pick(Self.systems)
    carrier = random.chance(70) ? random.pick(Self.carriers) : nil
    appVersion = random.pick(Self.versions)
    model = random.pick(["Pixel 8", "ThinkPad X1", "v1.2 beta", "$even"])
    country = random.chance(70) ? random.pick(Self.countries) : nil
  }

  /// An update, a new SIM card, a journey.
  mutating func change(_ random: inout SeededGenerator) {
    appVersion = random.pick(Self.versions)
    if carrier != nil { carrier = random.pick(Self.carriers) }
    if country != nil { country = random.pick(Self.countries) }
    if random.chance(20) { os = random.pick(Self.systems) }
  }

  func metrics(_ random: inout SeededGenerator) -> [(name: String, value: String)] {
    if random.chance(10) { return [] }
    var list = [
      (name: "_os", value: os.name), ("_os_version", os.version), ("_device", model),
      ("_app_version", appVersion), ("_resolution", "1080x2400"), ("_device_type", "mobile"),
    ]
    if let carrier { list.append(("_carrier", carrier)) }
    return list
  }

  func events(_ now: Int64, _ random: inout SeededGenerator) -> [Item.Event] {
    (0..<random.int(1...3)).map { _ in
      random.chance(30) ? view(now, &random) : event(now, &random)
    }
  }

  private func event(_ now: Int64, _ random: inout SeededGenerator) -> Item.Event {
    let keys = [
      "buy", "play", "share", "a b&c=d", "system.load", "$cash", "dots..gone", "Ünïcödé", "30%",
      "[CLY]_unknown_thing", "[CLY]_orientation",
    ]
    var event = Item.Event(key: random.pick(keys))
    if random.chance(60) { event.count = random.int(1...9) }
    if random.chance(40) { event.sum = random.int(-1_000...9_999_999) }
    if random.chance(20) { event.duration = random.int(0...500) * 10_000 }
    event.numbersAsText = random.chance(25)
    if random.chance(50) {
      event.milliseconds = now - Int64(random.pick([0, 1, 999, 5_000, 90_000_000]))
    }
    if random.chance(60) { event.segmentation = segmentation(&random) }
    return event
  }

  private func segmentation(_ random: inout SeededGenerator) -> [(name: String, value: Item.Value)]
  {
    let names = ["market", "$price", "ver.sion", "level", "tags"]
    let values: [Item.Value] = [
      .text("eu"), .text("1.0"), .text("$free"), .text("31"), .text("32"), .number(7), .number(100),
      .bool(true), .list(["x", "y"]), .text("Łódź"),
    ]
    let first = random.int(0...names.count - 1)
    return (first..<min(first + random.int(1...3), names.count)).map {
      (names[$0], random.pick(values))
    }
  }

  private func view(_ now: Int64, _ random: inout SeededGenerator) -> Item.Event {
    var event = Item.Event(key: "[CLY]_view")
    event.segmentation = [("name", .text(random.pick(["Home", "Cart", "Help"])))]
    if random.chance(70) {
      event.segmentation.append(("visit", random.pick([.number(1), .text("1"), .bool(true)])))
      if random.chance(30) { event.segmentation.append(("start", .number(1))) }
    } else {
      event.duration = random.int(0...90) * 100_000
    }
    event.segmentation.append(("segment", .text("Android")))
    if random.chance(50) { event.milliseconds = now - Int64(random.int(0...5_000)) }
    return event
  }
}
