import PluginABI

/// The C functions of every Swift plugin: each takes the instance first, makes one hop, and turns
/// what is thrown into a status and a reason.
enum Trampolines {
  typealias Reduce =
    @convention(c) (
      UnsafeMutableRawPointer?, UInt32, tally_str, tally_bytes, UnsafePointer<tally_bytes>?, UInt32,
      UnsafeMutableRawPointer?, (@convention(c) (UnsafeMutableRawPointer?, tally_bytes) -> Void)?
    ) -> tally_status

  /// Collections a plugin may have: `reduce` is not told which it is, so each has its own function.
  static var collectionsMax: Int { reduceFunctions.count }

  static let enroll:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_registrar>?, UnsafePointer<tally_error>?
    ) -> tally_status = { instance, registrar, error in
      with(instance, error) { instance in
        guard let registrar else { throw PluginError(.invalid, "enroll needs a registrar") }
        try instance.enroll(registrar)
      }
    }

  static let start:
    @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<tally_error>?) -> tally_status = {
      with($0, $1) { try $0.start() }
    }

  static let drain: @convention(c) (UnsafeMutableRawPointer?) -> Void = {
    _ = with($0, nil) { $0.drain() }
  }

  static let stop: @convention(c) (UnsafeMutableRawPointer?) -> Void = {
    _ = with($0, nil) { $0.stop() }
  }

  static let destroy: @convention(c) (UnsafeMutableRawPointer?) -> Void = { instance in
    guard let instance else { return }
    Unmanaged<Instance>.fromOpaque(instance).release()
  }

  static let process:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_batch>?, UnsafePointer<tally_facts>?,
      UnsafePointer<tally_effects>?, UnsafePointer<tally_error>?
    ) -> tally_status = { instance, batch, facts, effects, error in
      with(instance, error) { instance in
        guard let batch, let facts, let effects else {
          throw PluginError(.invalid, "a hook needs a batch, facts and effects")
        }
        try instance.process(Batch(batch), Facts(facts), try Effects(effects))
      }
    }

  static let apply:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_command>?, UnsafePointer<tally_effects>?,
      UnsafePointer<tally_error>?
    ) -> tally_status = { instance, command, effects, error in
      with(instance, error) { instance in
        guard let command, let effects else {
          throw PluginError(.invalid, "apply needs a command and effects")
        }
        try instance.apply(try Command(command), try Effects(effects))
      }
    }

  static let answer:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_request>?, UnsafePointer<tally_reply>?,
      UnsafePointer<tally_error>?
    ) -> tally_status = { instance, request, reply, error in
      with(instance, error) { instance in
        guard let request, let reply else {
          throw PluginError(.invalid, "a read needs a request and a reply")
        }
        try instance.answer(try Request(request), try Reply(reply))
      }
    }

  /// The function of the collection at that place, if there is one more.
  static func reduce(_ place: Int) -> Reduce? {
    place < reduceFunctions.count ? reduceFunctions[place] : nil
  }

  private static let reduceFunctions: [Reduce] = [
    { Trampolines.fold(0, $0, Fold($1, $2, $3, $4, $5, $6, $7)) },
    { Trampolines.fold(1, $0, Fold($1, $2, $3, $4, $5, $6, $7)) },
    { Trampolines.fold(2, $0, Fold($1, $2, $3, $4, $5, $6, $7)) },
    { Trampolines.fold(3, $0, Fold($1, $2, $3, $4, $5, $6, $7)) },
  ]

  private static func fold(
    _ place: Int, _ instance: UnsafeMutableRawPointer?, _ fold: borrowing Fold
  ) -> tally_status {
    reporting(to: nil) {
      guard let instance else { throw PluginError(.invalid, "the instance was not handed back") }
      try Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue().reduce(place, fold)
    }
  }

  /// The instance lives from create to destroy, so that the hop needs no reference counting.
  private static func with(
    _ instance: UnsafeMutableRawPointer?, _ error: UnsafePointer<tally_error>?,
    _ body: (Instance) throws -> Void
  ) -> tally_status {
    reporting(to: error) {
      guard let instance else { throw PluginError(.invalid, "the instance was not handed back") }
      try Unmanaged<Instance>.fromOpaque(instance)._withUnsafeGuaranteedRef(body)
    }
  }
}
