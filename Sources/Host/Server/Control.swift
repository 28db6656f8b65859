/// What commands of this machine's operator ask of the running server.
struct Control: Sendable {
  let core: Core

  func answer(_ request: ControlRequest) -> ControlReply {
    do throws(CommandError) {
      switch request.command {
      case Setup.command: return try setup(request)
      default:
        throw CommandError(.control, "the server does not know the command \(request.command)")
      }
    } catch {
      return .failure(error)
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
