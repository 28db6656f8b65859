/// What SDKs ask: the app's key stands in for a member, its checksum for a signature, as for what
/// SDKs send.
struct SDKAccess: Sendable {
  /// Why a question is not answered, in the words clients know from `/i`.
  struct Denial: Error {
    let status: Int
    let message: String

    init(_ refusal: Refusal) {
      let reply = ErrorReply(refusal)
      (status, message) = (reply.status, reply.text)
    }
  }

  let directory: AppDirectory

  /// The number of the app a question is about.
  func app(_ request: QueryRequest) throws(Denial) -> UInt32 {
    let parameters = request.parameters
    // "app_key[$regex]" makes an object of the key in other servers; no app has such a one.
    let isStructure = parameters.keys.contains { $0.hasPrefix("app_key[") }
    guard let key = parameters["app_key"] ?? (isStructure ? "{}" : nil), !key.isEmpty,
      let device = parameters["device_id"], !device.isEmpty
    else { throw Denial(.missingIDs) }
    guard device != "\(Intake.zeroDeviceID)" else { throw Denial(.zeroDeviceID) }
    let known = directory.snapshot
    guard let place = Array(key.utf8).withUnsafeBytes({ known.find($0) }) else {
      throw Denial(.unknownApp)
    }
    try checkSum(request, salt: known.salts[place])
    return known.apps[place].number
  }

  /// The query or the body may be what was signed, each as it was sent.
  private func checkSum(_ request: QueryRequest, salt: [UInt8]) throws(Denial) {
    if salt.isEmpty { return }
    let strong = request.parameters["checksum256"] ?? ""
    let sent = strong.isEmpty ? request.parameters["checksum"] ?? "" : strong
    guard !sent.isEmpty else { throw Denial(.checksumMissing) }
    let scratch = EntryBuffer(capacity: 1_024)
    let isSigned = Array(sent.utf8).withUnsafeBytes { sent in
      let checksum = Checksum(algorithm: strong.isEmpty ? .sha1 : .sha256, sent: sent)
      return [request.rawQuery, signedBody(of: request)].contains { text in
        text.withUnsafeBytes { checksum.matches($0, salt: salt, scratch: scratch) }
      }
    }
    guard isSigned else { throw Denial(.checksumMismatch) }
  }

  private func signedBody(of request: QueryRequest) -> [UInt8] {
    guard HeaderText.isMultipartForm(request.contentType) else { return request.body }
    return request.body.withUnsafeBytes { body in
      MultipartForm.signedText(of: body, partsMax: IntakeLimits().parametersMax).withBytes {
        Array($0)
      }
    }
  }
}
