import PluginRuntime

/// Intake hooks: what plugins say about a request before it is journalled.
extension Intake {
  /// Whether there is a hook; asked for every request.
  @inline(__always)
  var wantsHooks: Bool { stage?.isWanted == true }

  /// Has the hooks look at an item that is otherwise accepted. Throws when one refuses it; what it
  /// is answered is then in `pluginRefusal`.
  @inline(__always)
  func runHooks(_ sender: Sender, _ request: IntakeRequest) throws(IntakeRefusal) {
    guard let stage, stage.isWanted else {
      hasNotes = false
      return
    }
    try judge(stage, sender, request)
    hasNotes = !stage.notes.isEmpty
  }

  /// Whether one of the hooks is asked in another process: as of when `wantsHooks` was asked last.
  var asksRunners: Bool { stage?.asksRunners == true }

  private func judge(
    _ stage: IntakeStage, _ sender: Sender, _ request: IntakeRequest
  ) throws(IntakeRefusal) {
    let app = sender.apps.apps[sender.app]
    pluginRefusal = stage.judge(
      .init(
        app: app.number, appID: app.hexID, device: sender.device,
        address: ClientAddress.shown(peerAddress, configuration.addresses),
        isBulk: request.route == .bulk, receivedMs: request.receivedMs,
        request: requestHash(request)), self)
    if pluginRefusal != nil { throw IntakeRefusal(.plugin) }
  }

  /// Taken once a request, whose items may be many.
  private func requestHash(_ request: IntakeRequest) -> UInt64 {
    if hookRequest == 0 { hookRequest = RequestHash.ofRequest(request) }
    return hookRequest
  }

  /// Writes what they said, behind the parameters.
  @inline(__always)
  func writeNotes() {
    guard hasNotes, let stage else { return }
    for note in stage.notes { writer.note(name: note.name, value: note.value) }
  }
}

extension Intake: IntakeParameters {
  package func value(of name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    parameters.items.first { $0.key.isEqual(to: name) }.map(hookValue)
  }

  package func forEachParameter(
    _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) {
    for parameter in parameters.items { body(parameter.key, hookValue(of: parameter)) }
  }

  /// A parameter's decoded value, valid until the next.
  private func hookValue(of parameter: SentParameter) -> UnsafeRawBufferPointer {
    hookText.removeAll()
    switch parameter.encoding {
    case .plain, .escaped: _ = FormText.decode(parameter.value, into: hookText)
    case .json:
      guard JSONScalar.append(parameter.value, to: hookText) else { return parameter.value }
    }
    return hookText.bytes
  }
}

/// A peer's address as far as the operator lets it be seen.
enum ClientAddress {
  static func shown(_ address: String, _ mode: AddressMode) -> String {
    switch mode {
    case .keep: address
    case .drop: ""
    case .truncate: truncated(address)
    }
  }

  /// Without what tells one household from another: the last number of IPv4, all but the first
  /// three groups of IPv6.
  private static func truncated(_ address: String) -> String {
    if !address.contains(":") {
      let parts = address.split(separator: ".", omittingEmptySubsequences: false)
      return parts.count == 4 ? parts.dropLast().joined(separator: ".") + ".0" : ""
    }
    let head = address.split(separator: ":", omittingEmptySubsequences: false).prefix(3)
    let groups = head.prefix { !$0.isEmpty }
    return groups.isEmpty ? "::" : groups.joined(separator: ":") + "::"
  }
}
