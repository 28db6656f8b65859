/// What a line of counters is called; `metric` is its number in this working set. The texts are
/// borrowed.
package struct LineName {
  package let app: UInt32
  package let metric: Int
  package let subject: UnsafeRawBufferPointer
  package let dimension: UnsafeRawBufferPointer
  package let value: UnsafeRawBufferPointer

  @inlinable
  package init(
    app: UInt32, metric: Int, subject: UnsafeRawBufferPointer, dimension: UnsafeRawBufferPointer,
    value: UnsafeRawBufferPointer
  ) {
    self.app = app
    self.metric = metric
    self.subject = subject
    self.dimension = dimension
    self.value = value
  }
}

/// The key of a line in its table: app u32, metric u32, lengths of subject and dimension u32 each,
/// the texts.
extension KeyBuffer {
  private static let headerBytes = 16

  @inline(__always)
  mutating func append(_ name: LineName) {
    append(name.app)
    append(UInt32(name.metric))
    append(UInt32(name.subject.count))
    append(UInt32(name.dimension.count))
    append(name.subject)
    append(name.dimension)
    append(name.value)
  }

  /// The name whose key those bytes are.
  static func name(_ key: UnsafeRawBufferPointer) -> LineName {
    let numbers = key.loadUnaligned(as: SIMD4<UInt32>.self)
    let subject = headerBytes..<headerBytes + Int(numbers[2])
    let dimension = subject.upperBound..<subject.upperBound + Int(numbers[3])
    return LineName(
      app: numbers[0], metric: Int(numbers[1]), subject: .init(rebasing: key[subject]),
      dimension: .init(rebasing: key[dimension]),
      value: .init(rebasing: key[dimension.upperBound...]))
  }
}
