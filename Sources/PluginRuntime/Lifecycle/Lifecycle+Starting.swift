import Foundation

/// Making instances. A plugin that takes its time delays no other one's change.
extension Lifecycle {
  private typealias Made = Result<PluginInstance, PluginError>

  /// Makes an instance, and tells the machine what became of it: at once when it comes within the
  /// patience, else when it comes, or when its time is over.
  func start(_ serial: LifecycleMachine.Serial, patience: Double) {
    let parts = parts(of: serial)
    guard let code = parts.code, let settings = parts.settings else {
      preconditionFailure("an instance is started whose code was never loaded")
    }
    let (runtime, left, name) = (runtime, stateLeft(to: serial), parts.name)
    let call = Deadline.begin("plugin-start", late: { (made: Made) in try? made.get().end() }) {
      do throws(PluginError) {
        return Made.success(
          try runtime.make(code, settings, beside: parts.others, state: left).0)
      } catch { return .failure(error) }
    }
    if patience >= Deadline.startSeconds { return take(serial, call.end(within: patience)) }
    if let made = call.result(within: patience) { return take(serial, made) }
    log.warning("a plugin takes long to start", metadata: ["plugin": "\(name)"])
    awaited.begin(name)
    Deadline.detach("plugin-wait") { [self] in
      let made = call.end(within: Deadline.startSeconds - patience)
      changeAlone {
        take(serial, made)
        settle()
      }
      awaited.end(name)
    }
  }

  private struct Parts {
    let name: String
    let settings: Settings?
    let code: LoadedPlugin?
    let others: [PluginInstance]
  }

  private func parts(of serial: LifecycleMachine.Serial) -> Parts {
    state.withLock { state in
      let name = state.machine.owner(of: serial) ?? ""
      let source = state.machine.source(of: serial)
      return Parts(
        name: name, settings: source?.settings,
        code: source.flatMap { state.loaded[Self.key(name, $0.code)] },
        others: state.machine.others(than: serial).compactMap { state.instances[$0] })
    }
  }

  /// What came of a start; nil when nothing came in time.
  private func take(_ serial: LifecycleMachine.Serial, _ made: Made?) {
    guard let made else { return refuse(serial, Self.tooSlow, hangs: true) }
    switch made {
    case .failure(let error): refuse(serial, error)
    case .success(let instance):
      // What it was tried beside may have changed while it started.
      let others = parts(of: serial).others
      do throws(PluginError) { try runtime.check(instance, beside: others) } catch {
        refuse(serial, error)
        return instance.end()
      }
      let isWanted = state.withLock { state in
        guard !state.isClosed, state.machine.started(serial) else { return false }
        state.instances[serial] = instance
        return true
      }
      if !isWanted { instance.end() }
    }
  }

  private func refuse(
    _ serial: LifecycleMachine.Serial, _ error: PluginError, hangs: Bool = false
  ) {
    let name = state.withLock { state in
      state.machine.isCandidate(serial) ? state.machine.owner(of: serial) : nil
    }
    // Without a name nobody wants it any more.
    guard let name else { return }
    let told = report(name, error)
    state.withLock { $0.machine.failed(serial, told, hangs: hangs) }
  }

  /// Tells the operator that something new of a plugin is not what runs; the error, with what runs
  /// instead.
  func report(_ name: String, _ error: PluginError) -> PluginError {
    guard let serving = serving(name) else {
      runtime.refuse(name, error)
      return error.code == .startFailed ? error.saying("the server runs without it") : error
    }
    let told = error.saying("generation \(serving) goes on")
    log.error(
      "what is new of a plugin is refused; what ran goes on",
      metadata: ["plugin": "\(name)", "reason": "\(told)"])
    return told
  }

  /// Which of its generations of code runs; nil when none does.
  private func serving(_ name: String) -> Int? {
    state.withLock { state in
      state.machine.code(of: name).map { state.numbers[Self.key(name, $0)] ?? 1 }
    }
  }

  private static let tooSlow = PluginError(
    .startFailed,
    "create, enroll and start did not come back within \(Int(Deadline.startSeconds)) s")
}

/// Who is waited for beside everything else.
final class Awaited: Sendable {
  private let condition = NSCondition()
  private nonisolated(unsafe) var names: [String] = []

  var isAny: Bool { condition.withLock { !names.isEmpty } }

  func begin(_ name: String) { condition.withLock { names.append(name) } }

  func end(_ name: String) {
    condition.withLock {
      if let place = names.firstIndex(of: name) { names.remove(at: place) }
      condition.broadcast()
    }
  }

  /// Returns when nobody is waited for, or not for that one. Each is for a limited time.
  func wait(for name: String?) {
    condition.withLock {
      while name.map({ names.contains($0) }) ?? !names.isEmpty { condition.wait() }
    }
  }
}
