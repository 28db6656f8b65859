/// Where a consumer failed.
package enum DeadLetterStep: Equatable, Sendable {
  /// The entry itself cannot be read: nobody has counted it.
  case entry
  /// One of the plugin's hooks, by the order of its registration.
  case hook(Int)
  /// The plugin's hooks counted the item; a document it emitted to could not be folded.
  case reduce(collection: String)

  /// As it stands in the file.
  package var text: String {
    switch self {
    case .entry: "entry"
    case .hook(let number): "hook \(number)"
    case .reduce(let collection): "reduce \(collection)"
    }
  }

  package init(text: String) {
    let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
    switch (parts.first, parts.dropFirst().first) {
    case ("hook", let number?): self = .hook(Int(number) ?? 0)
    case ("reduce", let collection?): self = .reduce(collection: collection)
    default: self = .entry
    }
  }
}

/// An item one consumer could not take, kept until an operator has it counted or drops it.
package struct StoredDeadLetter: Equatable, Sendable {
  package let id: Int64
  /// Empty when nobody could read the entry.
  package let plugin: String
  package let step: DeadLetterStep
  package let position: UInt64
  package let item: UInt32
  package let app: UInt32
  package let reason: String
  package let receivedMs: Int64
  /// The item's bytes in the journal; empty when they make no sense.
  package let body: [UInt8]
}
