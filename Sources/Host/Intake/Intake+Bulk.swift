extension Intake {
  /// Many requests in one (protocol 1.10). The request as a whole is refused only when there is no
  /// list of items; an item that is not accepted is left out, counted, and not answered.
  func admitBulk(_ request: IntakeRequest) throws(IntakeRefusal) {
    guard let requests = parameters[.requests], !requests.value.isEmpty else {
      throw IntakeRefusal(.requestsMissing)
    }
    let list = listText(requests)
    var outer = Outer(appKey: parameters[.appKey], checksum: Checksum(parameters))
    outer.wasRedirected = parameters[.redirected] != nil
    hashText.begin(target: request.target)
    let prefix = hashText.count
    let scratchStart = scratch.count
    var (items, isRepeatable) = (0, true)
    let isList = try JSONSlices.elements(of: list) { (scanner) throws(IntakeRefusal) in
      guard items < configuration.limits.bulkItemsMax else { throw IntakeRefusal(.tooManyItems) }
      items += 1
      hashText.truncate(to: prefix)
      scratch.truncate(to: scratchStart)
      var reader = scanner
      do throws(IntakeRefusal) {
        isRepeatable = try admit(&reader, of: request, &outer) && isRepeatable
        scanner = reader
        return true
      } catch {
        metrics.refuseItem(error.refusal)
        return scanner.value() != nil
      }
    }
    guard isList else {
      throw IntakeRefusal(JSONSlices.isValue(list) ? .requestsInvalid : .requestsMissing)
    }
    if let redirected = outer.redirected { try redirect(request, redirected, outer) }
    hashText.truncate(to: prefix)
    writer.end(bulkHash: isRepeatable && writer.items > 0 ? bulkHash(request) : 0)
  }

  /// What an item may fall back on.
  struct Outer {
    let appKey: SentParameter?
    let checksum: Checksum?
    /// The app whose salt was tried last, and whether it was the one.
    var tried: (app: Int, isMatch: Bool)?
    /// The request was redirected before.
    var wasRedirected = false
    /// An item whose app's requests go somewhere else; whether one goes elsewhere than another.
    var redirected: AppView?
    var isMixed = false
    /// Digests taken so far; each reads the whole request.
    var digests = 0

    /// Apps with different salts that one bulk request may address.
    static let digestsMax = 8
  }

  /// The JSON text of `requests`: decoded from a form, as it stands in a JSON body, or from a JSON
  /// string inside one.
  private func listText(_ requests: SentParameter) -> UnsafeRawBufferPointer {
    switch requests.encoding {
    case .plain where UTF8Text.isValid(requests.value): return requests.value
    case .json where requests.value.first != UInt8(ascii: "\""): return requests.value
    case .plain:
      list.removeAll()
      if FormText.copy(requests.value, into: list) { metrics.valuesRepaired.add() }
    case .escaped:
      list.removeAll()
      if FormText.decode(requests.value, into: list) { metrics.valuesRepaired.add() }
    case .json:
      list.removeAll()
      _ = JSONScalar.append(requests.value, to: list)
    }
    return list.bytes
  }

  /// Reads and writes one item; answers whether it could be recognised when sent again.
  private func admit(
    _ scanner: inout JSONScanner, of request: IntakeRequest, _ outer: inout Outer
  ) throws(IntakeRefusal) -> Bool {
    parameters.removeAll()
    // The item, an object, is the first level of what the pipeline reads.
    let read = try scanner.members(valueDepthMax: JSONSlices.depthMax - 1) {
      (name, value) throws(IntakeRefusal) in try take(name, value)
    }
    guard let item = read else { throw IntakeRefusal(.missingIDs) }
    if parameters[.appKey] == nil, let key = outer.appKey {
      _ = parameters.set(key, limit: .max)
    }
    let sender = try identify(atMs: request.receivedMs)
    try checkItem(request, sender, &outer)
    if sender.apps.hasRedirects, sender.view.redirect != nil {
      let before = outer.redirected?.number ?? sender.view.number
      outer.isMixed = outer.isMixed || before != sender.view.number
      outer.redirected = sender.view
      return false
    }
    try runHooks(sender, request)
    hashText.append(text: item)
    if holdsUnwantedAddress(sender) || hasNotes {
      beginItem(sender, form: .parameters)
      writeParameters(sender)
      writeNotes()
    } else {
      beginItem(sender, form: .object)
      writer.object(item)
    }
    writer.endItem()
    return parameters[.timestamp] != nil
  }

  /// A redirected app's bulk request goes as it is, so that nothing else may be in it.
  @inline(never)
  private func redirect(
    _ request: IntakeRequest, _ app: AppView, _ outer: Outer
  ) throws(IntakeRefusal) {
    guard writer.items == 0, !outer.isMixed else { throw IntakeRefusal(.redirectMixed) }
    guard !outer.wasRedirected else { throw IntakeRefusal(.redirectLoop) }
    guard let target = app.redirect else { return }
    forward = Forward(request, to: target, addresses: app.addresses, hasAddress: false)
    throw IntakeRefusal(.redirected)
  }

  /// Whether the item may not be recorded as it was sent.
  private func holdsUnwantedAddress(_ sender: Sender) -> Bool {
    (parameters[.address] != nil || parameters[.clientAddress] != nil)
      && sender.view.addresses != .keep
  }

  /// Clients sign the bulk request as a whole.
  private func checkItem(
    _ request: IntakeRequest, _ sender: Sender, _ outer: inout Outer
  ) throws(IntakeRefusal) {
    let salt = sender.apps.salts[sender.app]
    if salt.isEmpty { return }
    guard let checksum = outer.checksum else { throw IntakeRefusal(.checksumMissing) }
    if outer.tried?.app != sender.app {
      guard outer.digests < Outer.digestsMax else { throw IntakeRefusal(.checksumMismatch) }
      outer.digests += 1
      outer.tried = (sender.app, isSigned(checksum, request, salt: salt))
    }
    guard outer.tried?.isMatch == true else { throw IntakeRefusal(.checksumMismatch) }
  }

  private func bulkHash(_ request: IntakeRequest) -> UInt64 {
    if let body = request.body {
      switch request.format {
      case .form: hashText.append(form: body)
      case .json: hashText.append(text: body)
      case .multipart: hashMultipart(body)
      }
    }
    return RequestHash.ofRequest(hashText.bytes)
  }
}
