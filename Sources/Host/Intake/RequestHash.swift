import CXXHash

/// The hashes intake takes: of requests, to know one that is sent again, and of partitions.
enum RequestHash {
  /// XXH3, 64 bits, of some bytes.
  @inline(__always)
  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    XXH3_64bits(bytes.baseAddress, bytes.count)
  }

  /// A request's hash is never 0: that says "never a duplicate".
  @inline(__always)
  static func ofRequest(_ text: UnsafeRawBufferPointer) -> UInt64 {
    let hash = of(text)
    return hash == 0 ? 1 : hash
  }

  /// Of everything an SDK sends, as it sends it: the same when it sends it again.
  static func ofRequest(_ request: IntakeRequest) -> UInt64 {
    let body = request.body.map { of($0) } ?? 0
    return withUnsafeBytes(of: (of(request.query), body)) { ofRequest($0) }
  }

  static let partitions: UInt64 = 64

  /// The partition of a device: `prefix` is the app's hex id and a zero byte.
  static func partition(
    prefix: [UInt8], device: UnsafeRawBufferPointer, scratch: EntryBuffer
  ) -> UInt8 {
    let start = scratch.count
    prefix.withUnsafeBytes { scratch.append($0) }
    scratch.append(device)
    let hash = XXH64(scratch.base + start, scratch.count - start, 0)
    scratch.truncate(to: start)
    return UInt8(hash % partitions)
  }
}
