import PluginABI

/// Hooks: one function of one kind, and where it stands among the others.
extension Registrar {
  /// Plugins one hook may name in before and after, and keys it may ask for.
  static let namesMax: UInt32 = 256

  func hook(_ pointer: UnsafePointer<tally_hook>?) -> tally_status {
    register("hook", count: enrollment.hooks.count) {
      let given = try Incoming.copy(pointer, "tally_hook")
      guard let kind = HookKind(rawValue: given.kind) else {
        return refuse("hook", "kind \(given.kind) is not one of TALLY_HOOK_…")
      }
      let what = "\(kind.name) hook"
      guard given.n_before <= Self.namesMax, given.n_after <= Self.namesMax,
        given.n_keys <= Self.namesMax
      else { return refuse(what, "before, after and keys name at most \(Self.namesMax) each") }
      guard let name = given.name.string, let before = strings(given.before, given.n_before),
        let after = strings(given.after, given.n_after)
      else { return refuse(what, "name, before and after must be UTF-8") }
      guard let function = function(of: given, kind) else {
        return refuse(what, "needs its function \(kind.name), and no other function of tally_hook")
      }
      if kind == .intake, given.flags & TALLY_HOOK_NEVER_BLOCKS == 0 {
        return refuse(
          what,
          "it does not declare TALLY_HOOK_NEVER_BLOCKS, which an event loop demands; declare it")
      }
      enrollment.hooks.append(
        .init(
          kind: kind, name: name, phase: given.phase, before: before, after: after,
          keys: Array(
            UnsafeBufferPointer(
              start: given.keys, count: given.keys == nil ? 0 : Int(given.n_keys))),
          lifecycleKinds: given.kinds == 0 ? .max : given.kinds,
          ordinal: enrollment.hooks.count, function: function))
      return TALLY_OK
    }
  }

  /// The function of the kind, when it is the only one.
  private func function(of hook: tally_hook, _ kind: HookKind) -> Enrollment.Function? {
    let set: [(HookKind, Enrollment.Function?)] = [
      (.intake, hook.intake.map { .intake($0) }),
      (.transform, hook.transform.map { .transform($0) }),
      (.process, hook.process.map { .process($0) }),
      (.committed, hook.committed.map { .committed($0) }),
      (.lifecycle, hook.lifecycle.map { .lifecycle($0) }),
    ]
    let functions = set.compactMap { kind, function in function.map { (kind, $0) } }
    guard functions.count == 1, functions[0].0 == kind else { return nil }
    return functions[0].1
  }

  private func strings(_ start: UnsafePointer<tally_str>?, _ count: UInt32) -> [String]? {
    guard let start else { return [] }
    var result: [String] = []
    for i in 0..<Int(count) {
      guard let text = start[i].string else { return nil }
      result.append(text)
    }
    return result
  }
}
