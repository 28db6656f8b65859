/// From what the configuration says to what can be started.
extension Lifecycle {
  /// The code "built-in" stands for what is linked in.
  package static let builtin = "built-in"
  /// Behind the hash of code that runs in a process of its own.
  static let isolated = " isolated"

  /// Loads the code and checks the settings of one plugin.
  func prepare(
    _ plugin: Plugin, isStrict: Bool
  ) throws(PluginError) -> LifecycleMachine.Wanted {
    guard plugin.isEnabled else {
      let off = PluginError(.notFound, "\(plugin.name) is off")
      return .init(name: plugin.name, isEnabled: false, source: .failure(off))
    }
    do throws(PluginError) {
      let (hash, code) = try load(plugin)
      let settings = try Settings(
        manifest: code.manifest, given: plugin.settings, nearest: runtime.nearest)
      return .init(
        name: plugin.name, isEnabled: true,
        source: .success(.init(code: hash, settings: settings)))
    } catch {
      if isStrict, error.code == .invalidSetting { throw error }
      runtime.refuse(plugin.name, error)
      return .init(name: plugin.name, isEnabled: true, source: .failure(error))
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

  private func load(_ plugin: Plugin) throws(PluginError) -> (hash: String, LoadedPlugin) {
    var copy: CodeCache.Copy?
    if let (name, path) = plugin.code.library {
      copy = try cache.admit(
        name: name, path: path, pins: plugin.pins, policy: runtime.services.trust)
    }
    // The same code in the other lane is another one.
    let hash = (copy?.sha256 ?? Self.builtin) + (plugin.code.isIsolated ? Self.isolated : "")
    try checkQuarantine(plugin.name, code: hash)
    let key = Self.key(plugin.name, hash)
    if let known = state.withLock({ $0.loaded[key] }) { return (hash, known) }
    let code = try mapped(plugin, copy)
    let generations = state.withLock { state in
      state.loaded[key] = code
      state.generations[plugin.name, default: 0] += 1
      return state.generations[plugin.name] ?? 0
    }
    if generations >= Self.generationsToWarn {
      log.warning(
        "many copies of a plugin's code are loaded; restart when convenient",
        metadata: ["plugin": "\(plugin.name)", "generations": "\(generations)"])
    }
    return (hash, code)
  }

  /// The code's constructors run while it is mapped, and need not come back either.
  private func mapped(
    _ plugin: Plugin, _ copy: CodeCache.Copy?
  ) throws(PluginError) -> LoadedPlugin {
    let source = UncheckedCode(code: plugin.code)
    let result = Deadline.run(
      "plugin-load", seconds: Deadline.startSeconds, late: { _ in },
      { () -> Result<LoadedPlugin, PluginError> in
        do throws(PluginError) {
          return .success(try PluginRuntime.load(source.code, copy: copy?.path))
        } catch { return .failure(error) }
      })
    guard let result else {
      throw PluginError(
        .startFailed,
        "\(plugin.name): loading did not come back within \(Int(Deadline.startSeconds)) s; "
          + "its constructors must not wait")
    }
    return try result.get()
  }

  /// C functions may be called from anywhere.
  private struct UncheckedCode: @unchecked Sendable {
    let code: PluginRuntime.Request.Code
  }
}
