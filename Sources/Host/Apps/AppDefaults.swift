/// What a new app has that nobody says anything else of: what `apps` is set to.
struct AppDefaults {
  let country: String
  let timezone: String
  let category: String
  let type = "mobile"

  init(_ spaces: ConfigurationSpaces) {
    country = spaces.text(.appCountry)
    timezone = spaces.text(.appTimezone)
    category = spaces.text(.appCategory)
  }
}
