/// What a new app has that nobody says anything else of: what `apps` is set to, where that can be.
struct AppDefaults {
  var country = "TR"
  var timezone = "Europe/Istanbul"
  var category = "6"
  var type = "mobile"

  init(_ spaces: ConfigurationSpaces, targets: AddressPolicy) {
    let names = ["country", "timezone", "category"]
    let set = names.map { ($0, JSONValue.string(spaces.value("apps", $0).text ?? "")) }
    let change = AppArguments(Dictionary(uniqueKeysWithValues: set), targets: targets).change
    country = change.country.flatMap { $0.isEmpty ? nil : $0 } ?? country
    timezone = change.timezone ?? timezone
    category = change.category ?? category
  }
}
