/// Why a configuration is refused: one sentence for the operator, beginning with the place.
struct ConfigurationError: Error, CustomStringConvertible, Equatable {
  /// What kind of mistake it is.
  enum Code: Sendable {
    /// The file cannot be read.
    case unreadable
    /// The text is not the YAML that is accepted here.
    case syntax
    /// A key that nobody knows, or one that stands twice.
    case key
    /// A value of the wrong type, out of range, or not offered by this build.
    case value
  }

  let code: Code
  let description: String

  init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  /// A mistake at a place in a file.
  init(_ code: Code, _ place: FilePlace, _ sentence: String) {
    self.init(code, "\(place): \(sentence)")
  }
}

/// A place in a file: `plugins.yaml:4:3`. Lines and columns count from 1.
struct FilePlace: CustomStringConvertible, Equatable, Sendable {
  let path: String
  let line: Int
  let column: Int

  var description: String { "\(path):\(line):\(column)" }
}
