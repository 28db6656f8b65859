/// From what the configuration says to what can be started.
extension Lifecycle {
  /// The code "built-in" stands for what is linked in.
  package static let builtin = "built-in"
  /// Behind the hash of code that runs in a process of its own.
  static let isolated = " isolated"

  /// Loads the code and checks the settings of one plugin.
  func prepare(
    _ plugin: Plugin, isStrict: Bool, patience: Double
  ) throws(PluginError) -> LifecycleMachine.Wanted {
    guard plugin.isEnabled else {
      let off = PluginError(.notFound, "\(plugin.name) is off")
      return .init(name: plugin.name, isEnabled: false, source: .failure(off))
    }
    do throws(PluginError) {
      guard let found = try load(plugin, patience: patience) else {
        let later = PluginError(.notFound, "\(plugin.name): its code is being loaded")
        return .init(name: plugin.name, isEnabled: true, source: .failure(later))
      }
      let settings = try Settings(
        manifest: found.code.manifest, given: plugin.settings, nearest: runtime.nearest)
      return .init(
        name: plugin.name, isEnabled: true,
        source: .success(
          .init(code: found.hash, settings: settings, liveSettings: found.code.liveSettings)),
        note: found.note)
    } catch {
      if isStrict, error.code == .invalidSetting { throw error }
      let told = report(plugin.name, error)
      return .init(name: plugin.name, isEnabled: true, source: .failure(told))
    }
  }

  /// Refuses a configuration that switches off what a plugin needs that stays on.
  func checkNeeds(among wanted: [LifecycleMachine.Wanted]) throws(PluginError) {
    let on = Set(wanted.filter(\.isEnabled).map(\.name))
    for plugin in wanted where plugin.isEnabled {
      guard case .success(let source) = plugin.source,
        let code = state.withLock({ $0.loaded[Self.key(plugin.name, source.code)] })
      else { continue }
      for need in code.manifest.depends where !need.isOptional && !on.contains(need.plugin) {
        throw PluginError(
          .dependency,
          "\(plugin.name) needs the plugin \(need.plugin), which is off; enable it, or disable "
            + plugin.name)
      }
    }
  }

  /// Code as it can be started.
  private struct Found {
    let hash: String
    let code: LoadedPlugin
    /// What the operator should know of it.
    var note: String?
  }

  /// Code that was not there within the patience.
  enum SlowLoad {
    case awaited
    case failed(PluginError)
  }

  /// Nil while it is awaited.
  private func load(_ plugin: Plugin, patience: Double) throws(PluginError) -> Found? {
    var copy: CodeCache.Copy?
    if let (name, path) = plugin.code.library {
      copy = try cache.admit(
        name: name, path: path, pins: plugin.pins, policy: runtime.services.trust)
    }
    // The same code in the other lane is another one.
    let hash = (copy?.sha256 ?? Self.builtin) + (plugin.code.isIsolated ? Self.isolated : "")
    let verdict = verdict(plugin.name, over: hash)
    if let (isolated, reason) = moved(plugin, code: verdict?.good ?? hash) {
      var found = try load(isolated, patience: patience)
      found?.note = "runs isolated: it " + reason
      return found
    }
    try checkQuarantine(plugin.name, code: verdict?.good ?? hash)
    guard let verdict else {
      return try code(of: plugin, hash, copy, patience).map { Found(hash: hash, code: $0) }
    }
    if !isLoaded(plugin.name, verdict.good) { copy = try kept(plugin, verdict) }
    return try code(of: plugin, verdict.good, copy, patience).map {
      Found(hash: verdict.good, code: $0, note: verdict.reason)
    }
  }

  private func isLoaded(_ name: String, _ hash: String) -> Bool {
    state.withLock { $0.loaded[Self.key(name, hash)] != nil }
  }

  /// The copy of the code that was gone back to, from an earlier process.
  private func kept(
    _ plugin: Plugin, _ verdict: Verdicts.Verdict
  ) throws(PluginError) -> CodeCache.Copy {
    let copy = try cache.kept(
      name: plugin.name, sha256: Self.sha256(of: verdict.good), pins: plugin.pins,
      policy: runtime.services.trust)
    guard let copy else {
      throw PluginError(
        .quarantined,
        "\(plugin.name): \(verdict.reason); the code before it is gone; put other code in its "
          + "place, or try it again with tally plugin reload")
    }
    return copy
  }

  private func code(
    of plugin: Plugin, _ hash: String, _ copy: CodeCache.Copy?, _ patience: Double
  ) throws(PluginError) -> LoadedPlugin? {
    let key = Self.key(plugin.name, hash)
    let (known, slow) = state.withLock { ($0.loaded[key], $0.slow[key]) }
    if let known { return known }
    switch slow {
    case .awaited?: return nil
    case .failed(let error)?: throw error
    case nil: break
    }
    guard let code = try mapped(plugin, copy, key, patience) else { return nil }
    return keep(code, plugin.name, key)
  }

  @discardableResult
  private func keep(_ code: LoadedPlugin, _ name: String, _ key: String) -> LoadedPlugin {
    var code = code
    code.number = Self.number(of: key)
    let numbered = code
    let generations = state.withLock { state in
      state.loaded[key] = numbered
      state.slow[key] = nil
      let count = (state.generations[name] ?? 0) + 1
      state.generations[name] = count
      state.numbers[key] = count
      return count
    }
    if generations >= Self.generationsToWarn {
      log.warning(
        "many copies of a plugin's code are loaded; restart when convenient",
        metadata: ["plugin": "\(name)", "generations": "\(generations)"])
    }
    return code
  }

  private typealias Mapped = Result<LoadedPlugin, PluginError>

  /// The code's constructors run while it is mapped, and need not come back either. Nil when they
  /// did not within the patience: what comes of them is followed when it comes.
  private func mapped(
    _ plugin: Plugin, _ copy: CodeCache.Copy?, _ key: String, _ patience: Double
  ) throws(PluginError) -> LoadedPlugin? {
    let (source, name) = (UncheckedCode(code: plugin.code), plugin.name)
    if !plugin.code.isIsolated { state.withLock { $0.mapping.append(name) } }
    let call = Deadline.begin("plugin-load", late: { (_: Mapped) in }) { [self] in
      defer {
        state.withLock { state in
          if let place = state.mapping.firstIndex(of: name) { state.mapping.remove(at: place) }
        }
      }
      do throws(PluginError) {
        return Mapped.success(try PluginRuntime.load(source.code, copy: copy?.path))
      } catch { return .failure(error) }
    }
    if patience >= Deadline.startSeconds {
      return try (call.end(within: patience) ?? .failure(hangs(name))).get()
    }
    if let result = call.result(within: patience) { return try result.get() }
    log.warning("a plugin takes long to load", metadata: ["plugin": "\(name)"])
    state.withLock { $0.slow[key] = .awaited }
    awaited.begin(name)
    Deadline.detach("plugin-wait") { [self] in
      switch call.end(within: Deadline.startSeconds - patience) ?? .failure(hangs(name)) {
      case .success(let code): keep(code, name, key)
      case .failure(let error): state.withLock { $0.slow[key] = .failed(error) }
      }
      followAgain()
      awaited.end(name)
    }
    return nil
  }

  private func hangs(_ name: String) -> PluginError {
    let holder = state.withLock { $0.mapping.first } ?? name
    let cause =
      holder == name
      ? "its constructors must not wait, and no other library loads before the server is restarted"
      : "\(holder) holds the dynamic loader and does not come back; restart the server without it"
    return PluginError(
      .startFailed,
      "\(name): loading did not come back within \(Int(Deadline.startSeconds)) s; \(cause)")
  }

  /// What failed to load is loaded once more.
  func forgetSlowLoads() {
    state.withLock { state in
      state.slow = state.slow.filter { if case .awaited = $0.value { true } else { false } }
    }
  }

  /// The hash of the bytes, whatever lane they run in.
  static func sha256(of code: String) -> String { code.replacing(isolated, with: "") }

  /// C functions may be called from anywhere.
  private struct UncheckedCode: @unchecked Sendable {
    let code: PluginRuntime.Request.Code
  }
}
