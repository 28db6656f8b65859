import PluginRuntime

/// Intake hooks: what plugins say about a request before it is journalled.
extension Intake {
  /// Whether anybody here looks at where a request comes from; asked for every request.
  @inline(__always)
  var wantsOrigin: Bool { stage?.isWanted == true || places != nil }

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

  /// Whether one of the hooks is asked in another process: as of when `wantsOrigin` was asked last.
  var asksRunners: Bool { stage?.asksRunners == true }

  private func judge(
    _ stage: IntakeStage, _ sender: Sender, _ request: IntakeRequest
  ) throws(IntakeRefusal) {
    let app = sender.apps.apps[sender.app]
    hookAddresses = app.addresses
    pluginRefusal = stage.judge(
      .init(
        app: app.number, appID: app.hexID, device: sender.device,
        address: address(for: app.addresses)?.text ?? "",
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
    parameters.items.first { $0.key.isEqual(to: name) && isShown($0) }.map(decodedText(of:))
  }

  package func forEachParameter(
    _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) {
    for parameter in parameters.items where isShown(parameter) {
      body(parameter.key, decodedText(of: parameter))
    }
  }

  /// What hooks see they may have kept, so an address that is not kept is not shown.
  private func isShown(_ parameter: SentParameter) -> Bool {
    hookAddresses == .keep || parameter.name?.isAddress != true
  }

  /// A parameter's decoded value, valid until the next.
  func decodedText(of parameter: SentParameter) -> UnsafeRawBufferPointer {
    hookText.removeAll()
    switch parameter.encoding {
    case .plain: _ = FormText.copy(parameter.value, into: hookText)
    case .escaped: _ = FormText.decode(parameter.value, into: hookText)
    case .json:
      guard JSONScalar.append(parameter.value, to: hookText) else { return parameter.value }
    }
    return hookText.bytes
  }
}
