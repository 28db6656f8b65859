extension ConfigurationKey {
  static let security: [ConfigurationKey] = [
    loginTries, loginWait, passwordMin, passwordChar, passwordNumber, passwordSymbol,
    passwordExpiration, passwordRotation, passwordAutocomplete, robots, dashboardHeaders,
    apiHeaders, dashboardRateWindow, dashboardRateRequests, apiRateWindow, apiRateRequests,
  ]

  static let loginTries = number(
    "security", "login_tries", 3, 1...1_000,
    "Attempts to log in that may fail before the next one has to wait.")
  static let loginWait = number(
    "security", "login_wait", 300, 1...86_400,
    "Seconds that it waits then; each further failure doubles them, up to an hour or this.")
  static let passwordMin = number(
    "security", "password_min", 8, 1...100, "Characters of a password.")
  static let passwordChar = flag(
    "security", "password_char", true, "Whether a password needs a capital letter.")
  static let passwordNumber = flag(
    "security", "password_number", true, "Whether a password needs a digit.")
  static let passwordSymbol = flag(
    "security", "password_symbol", true,
    "Whether a password needs a character that is neither letter nor digit.")
  static let passwordExpiration = number(
    "security", "password_expiration", 0, 0...36_500,
    "Days after which whoever logs in has to choose another password; 0: never.")
  static let passwordRotation = number(
    "security", "password_rotation", 3, 0...24,
    "Passwords of a member that are not taken again, today's among them.")
  static let passwordAutocomplete = flag(
    "security", "password_autocomplete", true,
    "Whether browsers may fill in the password of the login form.")

  static let robots = text(
    "security", "robotstxt", "User-agent: *\nDisallow: /", need: "a text of at most 4096 bytes",
    "What programs that collect pages are told by `/robots.txt`."
  ) { _ in true }
  static let dashboardHeaders = headers(
    "dashboard_additional_headers", AnswerHeader.pageStandard,
    "Headers of pages, one a line, which win over those of all answers.")
  static let apiHeaders = headers(
    "api_additional_headers", AnswerHeader.standard, "Headers of all answers, one a line.")

  static let dashboardRateWindow = window("dashboard", 60, "pages")
  static let dashboardRateRequests = requests("dashboard", 500, "pages")
  static let apiRateWindow = window("api", 0, "everything but pages and what devices send")
  static let apiRateRequests = requests("api", 0, "everything but pages and what devices send")

  private static func headers(
    _ name: String, _ standard: [AnswerHeader], _ help: String
  ) -> ConfigurationKey {
    text(
      "security", name, AnswerHeader.text(standard), need: AnswerHeader.need, help
    ) { AnswerHeader.list($0) != nil }
  }

  private static func window(
    _ what: String, _ standard: Int64, _ words: String
  ) -> ConfigurationKey {
    number(
      "security", "\(what)_rate_limit_window", standard, 0...86_400,
      "Seconds in which requests of one address for \(words) are counted; 0: never.")
  }

  private static func requests(
    _ what: String, _ standard: Int64, _ words: String
  ) -> ConfigurationKey {
    number(
      "security", "\(what)_rate_limit_requests", standard, 0...1_000_000,
      "Requests of one address for \(words) in that time; more are answered 429; 0: all of them.")
  }
}
