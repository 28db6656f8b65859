import PluginKit

extension UsersPlugin {
  /// The members of a user's document, as clients know them.
  private static var members: [(metric: UserMetric, name: Text)] {
    [
      (.os, "p"), (.osVersion, "pv"), (.device, "d"), (.manufacturer, "mnf"),
      (.deviceType, "dt"), (.resolution, "r"), (.density, "dnst"), (.appVersion, "av"),
      (.carrier, "c"), (.locale, "lo"), (.language, "la"), (.browser, "brw"),
      (.browserVersion, "brwv"), (.store, "src"), (.country, "cc"), (.city, "cty"),
    ]
  }

  func describe(_ portrait: borrowing Portrait) {
    Profile.withRoom { profile in
      profile.load(portrait.cell, at: .max)
      let (first, last) = profile.seenMs
      guard first < .max else { return }
      if profile.firstSessionMs > 0 { portrait.member("fs", profile.firstSessionMs / 1_000) }
      portrait.member("fac", first / 1_000)
      portrait.member("lac", last / 1_000)
      for (metric, name) in Self.members where !profile.value(metric).isEmpty {
        Text.with(ProfileJSON.quoted(String(profile.value(metric)))) {
          portrait.member(name, json: $0)
        }
      }
    }
  }
}
