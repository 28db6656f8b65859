import PluginABI

/// Calls a plugin's `reduce` for one document.
enum Reducer {
  struct Refusal: Error {
    let reason: String
  }

  /// Receives what the plugin puts.
  private final class Result {
    var document: [UInt8]?
  }

  static func run(
    _ collection: Enrollment.Collection, _ instance: PluginInstance, _ key: DocumentKey,
    document: [UInt8]?, payloads: [EffectStage.Emitted], item: UInt32?, breadcrumb: Breadcrumb
  ) -> Swift.Result<[UInt8], Refusal> {
    let result = Result()
    let positions = span(of: payloads)
    let status = withViews(payloads) { views in
      key.key.withTallyText { key_text in
        (document ?? []).withTallyBytes { old in
          breadcrumb.during(instance.crumb, positions, item: item) {
            collection.reduce(
              instance.pointer, key.app, key_text, old, views.baseAddress, UInt32(views.count),
              Unmanaged.passUnretained(result).toOpaque(),
              { ctx, bytes in
                guard let ctx else { return }
                Unmanaged<Result>.fromOpaque(ctx).takeUnretainedValue().document = Array(
                  bytes.bytes)
              })
          }
        }
      }
    }
    guard status == TALLY_OK else { return .failure(Refusal(reason: "status \(status)")) }
    guard let put = result.document else { return .failure(Refusal(reason: "put no document")) }
    return .success(put)
  }

  /// The positions the payloads come from.
  static func span(of payloads: [EffectStage.Emitted]) -> ClosedRange<UInt64> {
    let positions = payloads.map(\.position)
    return (positions.min() ?? 0)...(positions.max() ?? 0)
  }

  /// The payloads as borrowed views into one buffer.
  private static func withViews<T>(
    _ payloads: [EffectStage.Emitted], _ body: (UnsafeBufferPointer<tally_bytes>) -> T
  ) -> T {
    let joined = payloads.flatMap(\.payload)
    return joined.withUnsafeBytes { bytes in
      var offset = 0
      let views = payloads.map { payload in
        defer { offset += payload.payload.count }
        return tally_bytes(
          ptr: bytes.baseAddress.map { $0 + offset }, len: UInt64(payload.payload.count))
      }
      return views.withUnsafeBufferPointer(body)
    }
  }
}

extension [UInt8] {
  func withTallyBytes<T>(_ body: (tally_bytes) -> T) -> T {
    withUnsafeBytes { body(tally_bytes(ptr: isEmpty ? nil : $0.baseAddress, len: UInt64(count))) }
  }

  func withTallyText<T>(_ body: (tally_str) -> T) -> T {
    withUnsafeBytes {
      body(tally_str(ptr: $0.baseAddress?.assumingMemoryBound(to: CChar.self), len: UInt64(count)))
    }
  }
}
