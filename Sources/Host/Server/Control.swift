/// What commands of this machine's operator ask of the running server.
struct Control: Sendable {
  let core: Core

  func answer(_ request: ControlRequest) -> ControlReply {
    do throws(CommandError) {
      switch request.command {
      case Setup.command: return try setup(request)
      case DeadLetterRequest.command:
        let asked = try DeadLetterRequest(request)
        return try refusing { try asked.perform(core.deadLetters, pipeline: core.pipeline) }
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
}
