/// One row of the table of host settings: its name in every place it can be given, and how it is
/// read.
struct HostSetting: Sendable {
  /// The path below `host`: `listen`, `limits.body_bytes_max`.
  let name: String
  /// One sentence for `tally check --explain` and the table in docs/operating.md.
  let help: String
  /// The flag of the command line, when there is one.
  var flag: String?
  /// What a value must look like: `HOST:PORT`.
  let need: String
  /// Takes a text into the settings; false when it does not fit `need`.
  let take: @Sendable (String, inout HostSettings) -> Bool
  let show: @Sendable (HostSettings) -> String

  /// The name in the environment: `TALLY_BODY_BYTES_MAX`.
  var environmentName: String { "TALLY_" + key.uppercased() }

  /// The last part of the name.
  var key: String { String(name.split(separator: ".").last ?? "") }
}

extension HostSetting {
  /// A whole number within a range.
  static func number(
    _ name: String, _ path: WritableKeyPath<HostSettings, Int> & Sendable,
    _ range: ClosedRange<Int>, _ help: String
  ) -> HostSetting {
    HostSetting(
      name: name, help: help,
      need: "a whole number from \(range.lowerBound) to \(range.upperBound)",
      take: { text, settings in
        guard let value = Int(text), range.contains(value) else { return false }
        settings[keyPath: path] = value
        return true
      },
      show: { String($0[keyPath: path]) })
  }

  /// One of a few words.
  static func word<Word: RawRepresentable<String> & Sendable>(
    _ name: String, _ path: WritableKeyPath<HostSettings, Word> & Sendable, among words: [Word],
    _ help: String
  ) -> HostSetting {
    HostSetting(
      name: name, help: help, need: words.map(\.rawValue).joined(separator: " or "),
      take: { text, settings in
        guard let word = Word(rawValue: text) else { return false }
        settings[keyPath: path] = word
        return true
      },
      show: { $0[keyPath: path].rawValue })
  }
}
