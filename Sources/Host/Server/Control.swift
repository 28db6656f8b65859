import PluginRuntime
import Store

/// What commands of this machine's operator ask of the running server.
struct Control: Sendable {
  let core: Core
  let supervisor: PluginSupervisor
  let directory: PluginDirectory

  func answer(_ request: ControlRequest) -> ControlReply {
    do throws(CommandError) {
      switch request.command {
      case MemberReset.command:
        let reset = try MemberReset(request)
        return try refusing {
          try reset.perform(on: core.store, at: core.publicAddress) { new, nowS in
            try core.tokens.make(new, nowS: nowS)
          }
        }
      case Setup.command: return try setup(request)
      case DeadLetterRequest.command:
        let asked = try DeadLetterRequest(request)
        return try refusing { try asked.perform(core.deadLetters, pipeline: core.pipeline) }
      case LedgerCommand.name:
        return try refusing { try .json(core.ledger.report(appIDs: core.registry.snapshot.hexIDs)) }
      case DemoDesk.command: return try demo(request)
      case PluginRequest.reload: return try reload(request.arguments[PluginRequest.plugin])
      case PluginQuestion.command:
        let question = try PluginQuestion(request)
        return try refusing { try question.answer(directory) }
      case PluginRequest.announce:
        supervisor.announce(
          request.arguments["text"] ?? "", by: .command(request.arguments["by"] ?? ""))
        return .success([:])
      case PluginRequest.restart: return try restart(request)
      default:
        throw CommandError(.control, "the server does not know the command \(request.command)")
      }
    } catch {
      return .failure(error)
    }
  }

  /// A failure of another room as the refusal of a command.
  private func refusing<T>(_ body: () throws -> T) throws(CommandError) -> T {
    do { return try body() } catch let error as CommandError { throw error } catch {
      throw CommandError(.system, "\(error)")
    }
  }

  private func setup(_ request: ControlRequest) throws(CommandError) -> ControlReply {
    let result = try Setup(request).perform(on: core.store)
    do { try core.reloadAdministration() } catch {
      throw CommandError(.system, "\(error)")
    }
    return .success(result.values)
  }

  private func demo(_ request: ControlRequest) throws(CommandError) -> ControlReply {
    let desk = DemoDesk(core: core)
    switch request.arguments["action"] {
    case "begin": return try refusing { try .json(desk.begin()) }
    case "remove": return try refusing { try .success(["items": "\(desk.remove())"]) }
    default: throw CommandError(.control, "the server does not know this of demo; update it")
    }
  }

  /// Follows plugins.yaml at once; answers the state of each plugin, when what became of the one
  /// that was changed is known, or of all.
  private func reload(_ plugin: String?) throws(CommandError) -> ControlReply {
    try supervisor.reload(again: true)
    core.lifecycle.waitUntilSettled(plugin)
    var states = PluginRequest.values(core.lifecycle.statuses)
    if let plugin, core.configuration.isSafe, states[plugin] == nil {
      states[plugin] = "off: the server runs with --safe; restart it without"
    }
    return .success(states)
  }

  private func restart(_ request: ControlRequest) throws(CommandError) -> ControlReply {
    let restart = try PluginRestart(request)
    do {
      let start = try restart.start(in: core.store)
      try core.pipeline.restart(
        plugin: restart.plugin, after: start.position, forgetting: start.forgets)
      return .success(["position": "\(start.position)"])
    } catch let error as CommandError {
      throw error
    } catch {
      throw CommandError(.store, "\(error)")
    }
  }
}
