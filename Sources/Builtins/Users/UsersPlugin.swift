import PluginKit

private let entry = PluginEntry(UsersPlugin.self) { UsersPlugin.create($0, $1, $2) }

@c(tally_plugin_users)
func tallyPluginUsers() -> PluginTable { entry.table }

/// Keeps a profile of each user and says it as a fact about every item: when first and last seen,
/// which metrics are known, which this request gave and changed. Counts nothing itself.
struct UsersPlugin: Plugin {
  static let descriptor = Descriptor(
    name: "users", version: "1.0.0", summary: "Keeps what is known about each user.")

  private let metrics: Key
  private let beginSession: Key
  private let location: Key
  private let countryCode: Key
  private let city: Key
  private let normaliser: MetricNormaliser

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    metrics = try host.intern("metrics")
    beginSession = try host.intern("begin_session")
    location = try host.intern("location")
    countryCode = try host.intern("country_code")
    city = try host.intern("city")
    normaliser = try MetricNormaliser(host)
    try registrar.hook(phase: .first)
    try registrar.describesUsers()
  }

  func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) {
    Profile.withRoom { profile in
      TextBuffer.with(capacity: MetricNormaliser.roomBytes) { room in
        for item in batch where !item.isNobodys {
          profile.load(effects.cell(item), at: item.timestampMs)
          room.truncate()
          apply(item, to: &profile, &room)
          effects.fact(item, profile.fact())
          effects.putCell(item, profile.cell())
        }
      }
    }
  }

  func merge(_ merge: borrowing Merge) {
    Profile.merge(merge.from, merge.into) { merge.put($0) }
  }

  /// Takes over what the request says about the user, in one walk over its parameters.
  private func apply(_ item: Item, to profile: inout Profile, _ room: inout TextBuffer) {
    var place = Place()
    for parameter in item.root.children {
      if parameter.isNamed(metrics) {
        normaliser.apply(parameter, to: &profile, &room)
      } else if parameter.isNamed(countryCode) {
        place.country = parameter.text
      } else if parameter.isNamed(city) {
        place.city = parameter.text
      } else if parameter.isNamed(location) {
        place.isOptedOut = parameter.kind == .string && parameter.text.isEmpty
      } else if parameter.isNamed(beginSession) {
        place.isBegin = parameter.isYes
      }
    }
    place.country = room.countryCode(place.country)
    if place.isBegin {
      profile.beginSession()
      place.complete(from: item, profile)
    }
    profile.set(.country, place.country)
    profile.set(.city, room.cleaned(place.city))
  }
}

/// Where a request says the user is.
private struct Place {
  var country: Text = ""
  var city: Text = ""
  var isOptedOut = false
  var isBegin = false

  static var unknown: Text { "Unknown" }

  /// A session begins somewhere: an empty `location` opts out; else what is missing comes from the
  /// address, and only a user about whom nothing is known is nowhere.
  mutating func complete(from item: Item, _ profile: Profile) {
    if isOptedOut {
      (country, city) = (Self.unknown, Self.unknown)
      return
    }
    if country.isEmpty { country = item.country }
    if country.isEmpty, profile.value(.country).isEmpty { country = Self.unknown }
    if city.isEmpty { city = item.city }
    if city.isEmpty, profile.value(.city).isEmpty { city = Self.unknown }
  }
}

extension TextBuffer {
  /// Two letters in upper case; everything else is no country.
  fileprivate mutating func countryCode(_ text: Text) -> Text {
    guard text.count == 2, text.bytes.allSatisfy({ $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A }) else {
      return ""
    }
    let start = count
    for byte in text.bytes { append(byte & 0xDF) }
    return self.text(from: start)
  }
}
