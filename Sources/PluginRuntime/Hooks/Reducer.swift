import PluginABI

/// Calls a plugin's `reduce` for one document.
enum Reducer {
  struct Refusal: Error {
    let reason: String
    /// The payloads ended the plugin's runner, twice or alone.
    var isDeath = false
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
    let (status, reason) = withFold(key, document, payloads, result) { fold in
      ErrorText.collect(instance.secrets) { error in
        breadcrumb.during(instance.crumb, .reduce, positions, item: item) {
          collection.reduce(instance.pointer, fold, error)
        }
      }
    }
    guard status == TALLY_OK else {
      return .failure(Refusal(reason: "status \(status): \(reason)"))
    }
    guard let put = result.document else { return .failure(Refusal(reason: "put no document")) }
    return .success(put)
  }

  private static func withFold<T>(
    _ key: DocumentKey, _ document: [UInt8]?, _ payloads: [EffectStage.Emitted], _ result: Result,
    _ body: (UnsafePointer<tally_fold>) -> T
  ) -> T {
    withViews(payloads) { views in
      key.key.withTallyText { text in
        (document ?? []).withTallyBytes { old in
          var fold = tally_fold()
          fold.struct_size = UInt32(MemoryLayout<tally_fold>.size)
          fold.collection = UInt32(key.collection + 1)
          fold.app = key.app
          fold.key = text
          fold.document = old
          fold.payloads = views.baseAddress
          fold.n_payloads = UInt32(views.count)
          fold.ctx = Unmanaged.passUnretained(result).toOpaque()
          fold.put = { ctx, bytes in
            guard let ctx else { return }
            Unmanaged<Result>.fromOpaque(ctx).takeUnretainedValue().document = Array(bytes.bytes)
          }
          return withExtendedLifetime(result) { withUnsafePointer(to: fold, body) }
        }
      }
    }
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
