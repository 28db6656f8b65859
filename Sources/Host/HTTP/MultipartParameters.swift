/// The fields of a multipart body as the parameters they would be in a form.
enum MultipartParameters {
  /// None when the body is no such form; files are nobody's.
  static func read(_ body: [UInt8]) -> [String: String] {
    var parameters: [String: String] = [:]
    let isForm: Void? = body.withUnsafeBytes { body in
      try? MultipartForm.read(body, partsMax: IntakeLimits().parametersMax) { part in
        guard !part.isFile else { return }
        let name = String(decoding: part.name, as: UTF8.self)
        parameters[name] = String(decoding: part.content, as: UTF8.self)
      }
    }
    return isForm == nil ? [:] : parameters
  }

  /// The file of a name; nil when there is none, or nothing in it.
  static func file(_ name: String, in body: [UInt8]) -> [UInt8]? {
    var file: [UInt8] = []
    body.withUnsafeBytes { body in
      try? MultipartForm.read(body, partsMax: IntakeLimits().parametersMax) { part in
        guard part.isFile, part.name.elementsEqual(name.utf8) else { return }
        file = Array(part.content)
      }
    }
    return file.isEmpty ? nil : file
  }
}
