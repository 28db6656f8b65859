import PluginABI

/// The C functions of every Swift plugin: each takes the instance first, makes one hop, and turns
/// what is thrown into a status and a reason. Those of hooks are in `Trampolines+Hooks.swift`.
enum Trampolines {
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

  static let exportState:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafeMutableRawPointer?,
      (@convention(c) (UnsafeMutableRawPointer?, tally_bytes) -> Void)?, UnsafePointer<tally_error>?
    ) -> tally_status = { instance, ctx, put, error in
      with(instance, error) { instance in
        try instance.exportState()?.withUnsafeBytes { put?(ctx, tally_bytes($0)) }
      }
    }

  static let run:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_job>?, UnsafePointer<tally_error>?
    ) -> tally_status = { instance, job, error in
      with(instance, error) { instance in
        guard let job else { throw PluginError(.invalid, "run needs a job") }
        try instance.run(try Job(job))
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

  static let importState:
    @convention(c) (UnsafeMutableRawPointer?, tally_bytes, UnsafePointer<tally_error>?)
      -> tally_status = { instance, state, error in
        with(instance, error) {
          try $0.importState(UnsafeRawBufferPointer(start: state.ptr, count: Int(state.len)))
        }
      }

  static let answer:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_request>?, UnsafePointer<tally_reply>?,
      UnsafePointer<tally_error>?
    ) -> tally_status = { instance, request, reply, error in
      with(instance, error) { instance in
        guard let request, let reply else {
          throw PluginError(.invalid, "a route needs a request and a reply")
        }
        try instance.answer(try Request(request), try Reply(reply))
      }
    }

  static let describe:
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_portrait>?, UnsafePointer<tally_error>?
    ) -> tally_status = { instance, portrait, error in
      with(instance, error) { instance in
        guard let portrait else { throw PluginError(.invalid, "describe needs a portrait") }
        try instance.describe(try Portrait(portrait))
      }
    }

  /// The instance lives from create to destroy, so that the hop needs no reference counting.
  static func with(
    _ instance: UnsafeMutableRawPointer?, _ error: UnsafePointer<tally_error>?,
    _ body: (Instance) throws -> Void
  ) -> tally_status {
    reporting(to: error) {
      guard let instance else { throw PluginError(.invalid, "the instance was not handed back") }
      try Unmanaged<Instance>.fromOpaque(instance)._withUnsafeGuaranteedRef(body)
    }
  }
}
