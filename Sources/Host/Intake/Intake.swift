import PluginRuntime

/// Turns an HTTP request on an SDK path into a journal entry, or says why not.
///
/// Follows the protocol's steps 1 to 8 and takes the request hash of step 10. One per event loop,
/// confined to it: all buffers are used again for the next request.
package final class Intake {
  let configuration: IntakeConfiguration
  let metrics: Metrics
  var directory: AppDirectory.Reader
  var parameters = ParameterList()
  var writer = RequestRecord.Writer(buffer: EntryBuffer())
  var hashText = HashText(buffer: EntryBuffer())
  /// Decoded names and ids; room is made before anything points into it.
  let scratch = EntryBuffer()
  /// Texts put together for checksums and partitions.
  let workspace = EntryBuffer()
  /// The decoded list of a bulk request.
  let list = EntryBuffer()
  /// Runs intake hooks; nil where there are no plugins.
  let stage: IntakeStage?
  /// Finds countries and cities; nil where the operator gave no file of places.
  let places: PlaceFinder?
  /// Where the request comes from; set only where `wantsOrigin`.
  var origin = Origin()
  /// What hooks may see of addresses of the item at hand.
  var hookAddresses = AddressMode.keep
  /// What a plugin answers instead of accepting the request refused last.
  var pluginRefusal: IntakeStage.Refusal?
  /// Whether hooks said something about the item at hand.
  var hasNotes = false
  /// The hash of the request that hooks see; 0 until one does.
  var hookRequest: UInt64 = 0
  /// Whether the request at hand asks for anything but the usual answer; what it asks is in `wish`.
  var hasWish = false
  var wish = Wish()
  /// What was refused because it goes somewhere else.
  var forward: Forward?
  /// Whether the request at hand came with a file that may be a picture; the file.
  var hasFile = false
  var file = UnsafeRawBufferPointer(start: nil, count: 0)
  /// The parameter a hook asked for.
  let hookText = EntryBuffer(capacity: 64)

  package init(
    directory: AppDirectory, configuration: IntakeConfiguration, metrics: Metrics,
    stage: IntakeStage? = nil
  ) {
    self.stage = stage
    places = configuration.places.map { PlaceFinder($0) }
    self.configuration = configuration
    self.metrics = metrics
    self.directory = AppDirectory.Reader(directory)
  }

  /// The entries of the requests admitted since the last `removeEntries`, one behind the other.
  var entries: UnsafeRawBufferPointer { writer.buffer.bytes }

  /// Where in `entries` the request admitted last is.
  var entry: (offset: Int, count: Int) { writer.entry }

  /// The number of items of the request admitted last.
  var entryItems: Int { writer.items }

  /// Takes back the entry of the request admitted last.
  func removeEntry() {
    writer.discard()
  }

  /// Adds an entry that another intake wrote; where it is in `entries`.
  func adopt(_ entry: [UInt8]) -> Int {
    let offset = writer.buffer.count
    entry.withUnsafeBytes { writer.buffer.append($0) }
    return offset
  }

  func removeEntries() {
    writer.buffer.removeAll()
  }

  /// Reads a request and adds its entry to `entries`; one that is refused leaves nothing there. No
  /// items means that there is nothing to append and the answer is success.
  func admit(_ request: IntakeRequest) throws(IntakeRefusal) {
    hookRequest = 0
    hasWish = false
    hasFile = false
    writer.begin(receivedMs: request.receivedMs, isBulk: request.route == .bulk)
    do {
      try read(request)
    } catch {
      writer.discard()
      throw error
    }
    if writer.items == 0 { writer.discard() }
  }

  private func read(_ request: IntakeRequest) throws(IntakeRefusal) {
    parameters.removeAll()
    makeRoom(for: request)
    try FormText.read(
      request.query, into: &parameters, scratch: scratch, limits: configuration.limits)
    if let body = request.body, !body.isEmpty { try readBody(body, request) }
    if parameters.hasWish || hasFile { readWish() }
    try checkLengths()
    switch request.route {
    case .single: try admitSingle(request)
    case .bulk: try admitBulk(request)
    }
  }

  @inline(never)
  private func readWish() {
    wish = Wish()
    if let sent = parameters[.callback] { wish.callback = CallbackName(decodedText(of: sent)) }
    if let sent = parameters[.safeAnswer] { wish.isSafe = Self.isTrue(decodedText(of: sent)) }
    hasWish = wish.isSafe || wish.callback != nil
  }

  /// The app has every answer wait for its commit.
  @inline(never)
  func wishSafety() {
    if !hasWish { wish = Wish() }
    (hasWish, wish.isSafe) = (true, true)
  }

  private static func isTrue(_ text: UnsafeRawBufferPointer) -> Bool {
    !text.isEmpty && !text.isEqual(to: "0") && !text.isEqual(to: "false")
  }

  /// `scratch` must not move while parameters point into it: makes room for everything that can go
  /// there, at most three bytes for one that was sent.
  private func makeRoom(for request: IntakeRequest) {
    let limits = configuration.limits
    let sent = request.target.count + (request.body?.count ?? 0)
    let names = min(sent, (limits.parametersMax + 3) * limits.nameBytesMax)
    scratch.removeAll(
      fixingCapacity: 3 * (names + limits.deviceIDBytesMax + IntakeLimits.appKeyBytesMax))
  }

  private func readBody(
    _ body: UnsafeRawBufferPointer, _ request: IntakeRequest
  ) throws(IntakeRefusal) {
    switch request.format {
    case .form:
      try FormText.read(body, into: &parameters, scratch: scratch, limits: configuration.limits)
    case .multipart: try readMultipart(body)
    case .json:
      // Of a bulk request each item is bounded by itself.
      let depthMax = request.route == .bulk ? Int.max : JSONSlices.depthMax
      guard UTF8Text.isValid(body),
        try JSONSlices.members(
          of: body, valueDepthMax: depthMax,
          { (name, value) throws(IntakeRefusal) in try take(name, value) })
      else { throw IntakeRefusal(.malformedBody) }
    }
  }

  /// Adds a member of a JSON object to the parameters.
  @inline(__always)
  func take(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
  ) throws(IntakeRefusal) {
    guard name.count <= configuration.limits.nameBytesMax else {
      throw IntakeRefusal(.parameterNameTooLong)
    }
    let mark = scratch.count
    let key = name.contains(UInt8(ascii: "\\")) ? unescapedName(name) : name
    let parameter = SentParameter(key: key, name: ParameterName(key), value: value, encoding: .json)
    switch parameters.set(parameter, limit: configuration.limits.parametersMax) {
    case .added: break
    case .replaced: scratch.truncate(to: mark)
    case .full: throw IntakeRefusal(.tooManyParameters)
    }
  }

  private func unescapedName(_ name: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let start = scratch.count
    JSONScalar.unescape(name, into: scratch)
    return scratch.bytes.suffix(after: start)
  }

  /// An id of another length than 24 is refused before anything else is looked at.
  private func checkLengths() throws(IntakeRefusal) {
    if let app = parameters[.appID], app.text.count != 24 { throw IntakeRefusal(.appIDInvalid) }
    if let user = parameters[.userID], user.text.count != 24 {
      throw IntakeRefusal(.userIDInvalid)
    }
  }

  /// A parameter's decoded text in `scratch`; nil when it was not sent or is empty.
  func decoded(
    _ name: ParameterName, bytesMax: Int, refusal: Refusal
  ) throws(IntakeRefusal) -> UnsafeRawBufferPointer? {
    guard let parameter = parameters[name], !parameter.value.isEmpty else { return nil }
    guard parameter.value.count <= bytesMax * 3 else { throw IntakeRefusal(refusal) }
    let start = scratch.count
    switch parameter.encoding {
    case .plain where UTF8Text.isASCII(parameter.value):
      return try limited(parameter.value, bytesMax, refusal)
    case .plain: _ = FormText.copy(parameter.value, into: scratch)
    case .escaped: _ = FormText.decode(parameter.value, into: scratch)
    case .json:
      guard JSONScalar.append(parameter.value, to: scratch) else { return nil }
    }
    return try limited(scratch.bytes.suffix(after: start), bytesMax, refusal)
  }

  private func limited(
    _ text: UnsafeRawBufferPointer, _ bytesMax: Int, _ refusal: Refusal
  ) throws(IntakeRefusal) -> UnsafeRawBufferPointer? {
    guard text.count <= bytesMax else { throw IntakeRefusal(refusal) }
    return text.isEmpty ? nil : text
  }
}
