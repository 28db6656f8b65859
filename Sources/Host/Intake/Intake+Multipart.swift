/// Bodies that are multipart forms: their fields are parameters like those of any form.
extension Intake {
  @inline(never)
  func readMultipart(_ body: UnsafeRawBufferPointer) throws(IntakeRefusal) {
    let limits = configuration.limits
    try MultipartForm.read(body, partsMax: limits.parametersMax) { (part) throws(IntakeRefusal) in
      guard !part.isFile else { return take(file: part) }
      guard part.name.count <= limits.nameBytesMax else {
        throw IntakeRefusal(.parameterNameTooLong)
      }
      _ = parameters.set(
        SentParameter(
          key: part.name, name: ParameterName(part.name), value: part.content, encoding: .plain),
        limit: limits.parametersMax)
    }
  }

  @inline(never)
  func isMultipartSigned(
    _ checksum: Checksum, _ body: UnsafeRawBufferPointer, salt: [UInt8]
  ) -> Bool {
    MultipartForm.signedText(of: body, partsMax: configuration.limits.parametersMax).withBytes {
      checksum.matches($0, salt: salt, scratch: workspace)
    }
  }

  /// A client that sends a form again makes another boundary for it, so that the parts are hashed,
  /// files included, and not the text.
  @inline(never)
  func hashMultipart(_ body: UnsafeRawBufferPointer) {
    try? MultipartForm.read(body, partsMax: configuration.limits.parametersMax) { part in
      if ParameterName(part.name)?.changesOnRetry == true { return }
      hashText.append(text: part.name)
      hashText.append(text: part.content)
    }
  }
}
