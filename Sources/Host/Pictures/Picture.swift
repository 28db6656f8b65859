import NIOCore

/// A picture of a user, on its way to its file.
struct Picture: Sendable {
  /// The folder it belongs into.
  let appID: String
  let name: String
  let bytes: ByteBuffer

  /// What a file may be: formats that no browser takes for anything but a picture.
  enum Format: String, CaseIterable {
    case png
    case jpeg
    case gif

    var contentType: String { "image/\(rawValue)" }

    /// The format that the first bytes are of, whatever anybody says it is.
    init?(_ bytes: some Collection<UInt8>) {
      let head = Array(bytes.prefix(8))
      guard let format = Self.allCases.first(where: { $0.begins(head) }) else { return nil }
      self = format
    }

    private func begins(_ head: [UInt8]) -> Bool {
      switch self {
      case .png: head == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      case .jpeg: head.starts(with: [0xFF, 0xD8, 0xFF])
      case .gif: head.starts(with: Array("GIF87a".utf8)) || head.starts(with: Array("GIF89a".utf8))
      }
    }
  }
}
