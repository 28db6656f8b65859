import PluginKit

/// What is counted of where sessions are.
struct PlaceRule {
  let countries: Bool
  let cities: Bool

  /// Cities need their country.
  init(_ host: Host, app: UInt32) throws {
    countries = try host.bool(Self.countryName, app: app)
    cities = try countries && host.bool(Self.cityName, app: app)
  }

  private static let countryName = "country_data"
  private static let cityName = "city_data"

  static var settings: [Setting] {
    [
      .bool(countryName, default: true, help: "Whether sessions are counted by country.").perApp(),
      .bool(
        cityName, default: true,
        help: "Whether sessions of the app's own country are counted by city, too."
      ).perApp(),
    ]
  }
}

/// The rules of apps, each asked for once: other settings make another instance of the plugin. The
/// pipeline's thread only.
final class PlaceRules: @unchecked Sendable {
  private let host: Host
  private var known: [UInt32: PlaceRule] = [:]

  init(_ host: Host) { self.host = host }

  func rule(of app: UInt32) -> PlaceRule? {
    if let rule = known[app] { return rule }
    let rule = try? PlaceRule(host, app: app)
    known[app] = rule
    return rule
  }
}
