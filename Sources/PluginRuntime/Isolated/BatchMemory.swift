/// Memory in which batches and their facts are built, and which every runner maps for reading: what
/// lies here is read by isolated plugins where it is.
///
/// A part is as large as what builders keep between batches, because sealed memory cannot be given
/// back. The rare batch that does not fit lies elsewhere and is copied.
package final class BatchMemory: Sendable {
  /// What a part holds. Each has one writer at a time.
  package enum Part: Int, CaseIterable {
    /// Batches as they were sent, then as transforms left them.
    case built
    case facts
  }

  /// Bytes of one part.
  package static let partBytes = 4 << 20
  static let bytes = Part.allCases.count * partBytes

  private let memory: SharedMemory

  package init() throws(PluginError) {
    memory = try SharedMemory("tally-batches", count: Self.bytes, isReadOnly: true)
  }

  /// To be handed to runners.
  var descriptor: Int32 { memory.descriptor }

  package subscript(part: Part) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(
      start: memory.base + part.rawValue * Self.partBytes, count: Self.partBytes)
  }

  /// Where something lies from the memory's first byte; nil when it lies elsewhere.
  func offset(of pointer: UnsafeRawPointer, bytes: Int) -> Int? {
    let offset = pointer - UnsafeRawPointer(memory.base)
    return offset >= 0 && offset + bytes <= Self.bytes ? offset : nil
  }
}
