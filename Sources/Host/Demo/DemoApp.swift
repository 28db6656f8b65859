/// What one app of the demo is about.
struct DemoApp: Sendable {
  struct Event: Sendable {
    let key: String
    /// How many of a session have it.
    let share: Double
    /// Its values, by segment.
    let segments: [(name: String, values: [String])]
    /// Amounts in cents; nil when it has no sum.
    var cents: ClosedRange<Int>?
  }

  let name: String
  let timezone: String
  let isWeb: Bool
  /// Versions, the oldest first; each is out for some of the days.
  let versions: [String]
  let views: [String]
  let events: [Event]
  /// Sessions that crash.
  let crashShare: Double
  /// How likely an hour of the day is.
  let hours: [Double]

  static let all = [shop, game, news]

  private static let shop = DemoApp(
    name: "Demo Shop", timezone: "Europe/Berlin", isWeb: true,
    versions: ["5.1.0", "5.2.0", "5.3.0"],
    views: ["Home", "Category", "Product", "Search", "Cart", "Checkout", "Account", "Help"],
    events: [
      Event(
        key: "Search", share: 0.4,
        segments: [("term", ["shoes", "jacket", "backpack", "socks", "tent"])]),
      Event(
        key: "Add to cart", share: 0.3,
        segments: [("category", ["outdoor", "clothing", "shoes", "sale"])]),
      Event(
        key: "Purchase", share: 0.12,
        segments: [
          ("payment", ["card", "paypal", "invoice"]),
          ("coupon", ["none", "none", "SPRING", "VIP"]),
        ], cents: 1_290...24_900),
    ], crashShare: 0.002,
    hours: [
      2, 1, 1, 1, 1, 2, 4, 6, 7, 7, 7, 8, 9, 8, 7, 7, 8, 9, 11, 13, 14, 12, 8, 4,
    ])

  private static let game = DemoApp(
    name: "Demo Game", timezone: "America/New_York", isWeb: false,
    versions: ["1.8.2", "1.9.0", "1.9.1"],
    views: ["Menu", "Level", "Shop", "Leaderboard", "Settings"],
    events: [
      Event(
        key: "Level finished", share: 0.8,
        segments: [
          ("level", (1...12).map(String.init)), ("result", ["won", "won", "lost"]),
        ]),
      Event(key: "Ad watched", share: 0.25, segments: [("place", ["revive", "double coins"])]),
      Event(
        key: "Coins bought", share: 0.03, segments: [("pack", ["small", "medium", "large"])],
        cents: 199...1_999),
    ], crashShare: 0.015,
    hours: [
      6, 4, 2, 1, 1, 1, 2, 4, 5, 4, 4, 5, 7, 6, 5, 6, 8, 9, 10, 11, 13, 14, 12, 9,
    ])

  private static let news = DemoApp(
    name: "Demo News", timezone: "Asia/Tokyo", isWeb: false,
    versions: ["3.0.4", "3.1.0"],
    views: ["Front page", "Article", "Section", "Video", "Bookmarks"],
    events: [
      Event(
        key: "Article read", share: 0.7,
        segments: [("section", ["politics", "sports", "economy", "culture", "science"])]),
      Event(key: "Shared", share: 0.06, segments: [("channel", ["mail", "chat", "copy"])]),
      Event(
        key: "Subscribed", share: 0.008, segments: [("plan", ["monthly", "yearly"])],
        cents: 799...7_990),
    ], crashShare: 0.006,
    hours: [
      2, 1, 1, 1, 2, 5, 10, 14, 13, 9, 7, 7, 10, 9, 6, 5, 6, 8, 9, 9, 8, 7, 5, 3,
    ])
}

/// One end user of the demo: what stays the same from session to session.
struct DemoUser: Sendable {
  struct Place: Sendable {
    let country: String
    let city: String
    let locale: String
    let carrier: String
  }

  private struct Machine {
    let os: String
    let versions: [String]
    let models: [String]
    let resolutions: [String]
  }

  let device: String
  /// The first day of the demo on which the user comes.
  let firstDay: Int
  /// Of the days on which he might come.
  let activity: Double
  let place: Place
  let os: String
  let osVersion: String
  let model: String
  let resolution: String
  let browser: String
  /// How late a new version is installed.
  let patience: Int

  private static let places = [
    Place(country: "DE", city: "Berlin", locale: "de_DE", carrier: "Telekom"),
    Place(country: "US", city: "New York", locale: "en_US", carrier: "Verizon"),
    Place(country: "JP", city: "Tokyo", locale: "ja_JP", carrier: "NTT Docomo"),
    Place(country: "GB", city: "London", locale: "en_GB", carrier: "EE"),
    Place(country: "FR", city: "Paris", locale: "fr_FR", carrier: "Orange"),
    Place(country: "TR", city: "Istanbul", locale: "tr_TR", carrier: "Turkcell"),
    Place(country: "BR", city: "Sao Paulo", locale: "pt_BR", carrier: "Vivo"),
    Place(country: "IN", city: "Mumbai", locale: "en_IN", carrier: "Jio"),
    Place(country: "ES", city: "Madrid", locale: "es_ES", carrier: "Movistar"),
    Place(country: "KR", city: "Seoul", locale: "ko_KR", carrier: "SK Telecom"),
  ]

  private static let phones = [
    Machine(
      os: "Android", versions: ["15", "14", "13", "12"],
      models: ["Pixel 9", "Galaxy S24", "Galaxy A55", "Xperia 5", "Redmi Note 13"],
      resolutions: ["1080x2400", "1440x3120", "720x1600"]),
    Machine(
      os: "iOS", versions: ["18.1", "18.0", "17.6", "16.7"],
      models: ["iPhone16,1", "iPhone15,2", "iPhone14,5", "iPad13,4"],
      resolutions: ["1179x2556", "1290x2796", "1640x2360"]),
  ]
  private static let computers = [
    Machine(
      os: "Windows", versions: ["11", "10"], models: ["PC"],
      resolutions: ["1920x1080", "2560x1440", "1366x768"]),
    Machine(
      os: "MacOS", versions: ["15.1", "14.6"], models: ["Mac"],
      resolutions: ["1512x982", "1728x1117", "2560x1440"]),
    phones[0], phones[1],
  ]
  private static let browsers = ["Chrome", "Safari", "Firefox", "Edge"]

  init(_ number: Int, of app: Int, web isWeb: Bool, days: Int, seed: UInt64) {
    var random = DemoRandom(seed: seed, UInt64(app), UInt64(number))
    let machine = random.pick(isWeb ? Self.computers : Self.phones)
    device = "demo-\(app)-\(String(random.next(), radix: 16))"
    // Half of them were there before, the others come one after another.
    firstDay = random.chance(0.5) ? 0 : random.int(0...max(days - 1, 0))
    let loyalty = random.share()
    activity = 0.05 + 0.75 * loyalty * loyalty
    // An app is mostly used where it comes from.
    place = random.chance(0.35) ? Self.places[app % 3] : random.pick(Self.places)
    os = machine.os
    osVersion = random.pick(machine.versions)
    model = random.pick(machine.models)
    resolution = random.pick(machine.resolutions)
    browser = random.pick(Self.browsers)
    patience = random.int(0...9)
  }
}
