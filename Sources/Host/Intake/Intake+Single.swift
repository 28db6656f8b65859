extension Intake {
  /// A request that passed the steps before processing.
  struct Sender {
    let apps: AppSnapshot
    let app: Int
    let device: UnsafeRawBufferPointer

    var view: AppView { apps.apps[app] }
  }

  /// Device ids that iOS hands out when tracking is off: one for everybody, so nobody's.
  static let zeroDeviceID: StaticString = "00000000-0000-0000-0000-000000000000"

  func admitSingle(_ request: IntakeRequest) throws(IntakeRefusal) {
    let sender = try identify(atMs: request.receivedMs)
    try checkSum(request, sender)
    if sender.apps.hasRedirects { try redirect(request, sender) }
    try runHooks(sender, request)
    if hasFile { keepPicture(sender) }
    hashText.begin(target: request.target)
    if let body = request.body {
      switch request.format {
      case .form: hashText.append(form: body)
      case .json: hashText.append(members: parameters.items)
      case .multipart: hashMultipart(body)
      }
    }
    beginItem(sender, form: .parameters)
    writeParameters(sender)
    writeNotes()
    writer.endItem()
    writer.end()
  }

  /// Steps 1 to 6: ids, device, app, and what the app accepts.
  func identify(atMs nowMs: Int64) throws(IntakeRefusal) -> Sender {
    let key = try decoded(
      .appKey, bytesMax: IntakeLimits.appKeyBytesMax, refusal: .unknownApp)
    guard key != nil || parameters[.appKey]?.isStructure == true,
      let device = try decoded(
        .deviceID, bytesMax: configuration.limits.deviceIDBytesMax, refusal: .deviceIDTooLong)
    else { throw IntakeRefusal(.missingIDs) }
    // An object or a list is a key that no app has.
    guard let key else { throw IntakeRefusal(.unknownApp) }
    if device.isEqual(to: Self.zeroDeviceID) { throw IntakeRefusal(.zeroDeviceID) }
    let apps = directory.apps()
    guard let place = apps.place(ofKey: key) else { throw IntakeRefusal(.unknownApp) }
    let app = apps.app(ofKey: place)
    if apps.apps[app].isPaused { throw IntakeRefusal(.pausedApp) }
    if apps.apps[app].isLocked, parameters[.populator] != nil { throw IntakeRefusal(.lockedApp) }
    apps.note(useOfKey: place, ms: nowMs)
    if apps.hasSafe, apps.apps[app].isSafe { wishSafety() }
    return Sender(apps: apps, app: app, device: device)
  }

  /// Step 8: any of the raw texts may carry the checksum.
  func checkSum(_ request: IntakeRequest, _ sender: Sender) throws(IntakeRefusal) {
    let salt = sender.apps.salts[sender.app]
    if salt.isEmpty { return }
    guard let checksum = Checksum(parameters) else { throw IntakeRefusal(.checksumMissing) }
    guard isSigned(checksum, request, salt: salt) else { throw IntakeRefusal(.checksumMismatch) }
  }

  /// Whether the checksum is that of the query or of the body.
  func isSigned(_ checksum: Checksum, _ request: IntakeRequest, salt: [UInt8]) -> Bool {
    if checksum.matches(request.query, salt: salt, scratch: workspace) { return true }
    guard let body = request.body else { return false }
    if request.format == .multipart { return isMultipartSigned(checksum, body, salt: salt) }
    return checksum.matches(body, salt: salt, scratch: workspace)
  }

  /// Starts an item with its hash: 0 without a timestamp, since nothing then tells a second
  /// request from a repeated one.
  func beginItem(_ sender: Sender, form: RequestRecord.Form) {
    var hash: UInt64 = 0
    if let timestamp = parameters[.timestamp], !timestamp.value.isEmpty {
      hashText.append(timestamp: timestamp.text)
      hash = RequestHash.ofRequest(hashText.bytes)
    }
    if parameters[.oldDeviceID] != nil { writer.noteMerge() }
    let partition = RequestHash.partition(
      prefix: sender.apps.partitionPrefixes[sender.app], device: sender.device,
      scratch: workspace)
    writer.beginItem(
      app: sender.apps.apps[sender.app].number, hash: hash, partition: partition, form: form,
      device: sender.device)
    if let places { writePlace(from: places, sender) }
  }

  /// Writes what the record keeps, decoded straight into the entry.
  func writeParameters(_ sender: Sender) {
    let keepsAddresses = sender.view.addresses == .keep
    for parameter in parameters.items {
      if let name = parameter.name {
        if !name.isRecorded { continue }
        if !keepsAddresses, name.isAddress { continue }
      }
      let isJSON = parameter.encoding == .json
      let start = writer.beginParameter(key: parameter.key, isJSON: isJSON)
      let isRepaired =
        switch parameter.encoding {
        case .escaped: FormText.decode(parameter.value, into: writer.buffer)
        case .plain: FormText.copy(parameter.value, into: writer.buffer)
        case .json: FormText.copy(parameter.value, into: writer.buffer)
        }
      if isRepaired { metrics.valuesRepaired.add() }
      writer.endParameter(start, keyCount: parameter.key.count)
    }
  }
}
