import Synchronization

/// Every secret that one plugin was given since the process began: none of them is in a text that
/// leaves it, also not after it was changed. Any thread.
final class Secrets: Sendable {
  /// Shorter ones are not looked for in what plugins say: they would be found in every other word.
  static let charactersMin = 4
  /// Secrets that are kept, the oldest being forgotten first.
  static let textsMax = 4_096
  /// A longer text is replaced whole: looking through it would take too long.
  static let textBytesMax = 1 << 20

  private struct State {
    /// In the order they came.
    var texts: [String] = []
    /// The longest first: one may be the beginning of another.
    var longestFirst: [String] = []
  }

  private let state = Mutex(State())

  func add(_ values: [String]) {
    guard !values.isEmpty else { return }
    state.withLock { state in
      for value in values {
        // A secret of several lines may be said line by line.
        let lines = value.split(whereSeparator: \.isNewline).map(String.init)
        for text in [value] + lines
        where text.count >= Self.charactersMin && !state.texts.contains(text) {
          if state.texts.count == Self.textsMax { state.texts.removeFirst() }
          state.texts.append(text)
        }
      }
      state.longestFirst = state.texts.sorted { $0.utf8.count > $1.utf8.count }
    }
  }

  /// The text without them.
  func redact(_ text: String) -> String {
    state.withLock { $0.longestFirst }.reduce(text) {
      $0.replacing($1, with: SettingDefinition.redacted)
    }
  }

  /// What a plugin says, without them. It is cut last, so that no half of a secret is left.
  func clean(_ bytes: UnsafeRawBufferPointer, charactersMax: Int) -> String {
    guard bytes.count <= Self.textBytesMax else { return "(a text of \(bytes.count) bytes)" }
    return String(redact(String(decoding: bytes, as: UTF8.self)).prefix(charactersMax))
  }

  /// How many bytes at the end may be the beginning of a secret that goes on.
  func begun(atEndOf line: [UInt8]) -> Int {
    let secrets = state.withLock { $0.longestFirst }
    return secrets.map { secret -> Int in
      let secret = Array(secret.utf8)
      let longest = min(secret.count - 1, line.count)
      return stride(from: longest, to: 0, by: -1).first {
        line.suffix($0).elementsEqual(secret.prefix($0))
      }
        ?? 0
    }.max() ?? 0
  }
}
