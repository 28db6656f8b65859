import PluginKit

/// What is counted of where sessions are.
struct PlaceRule: Sendable {
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
