import NIOCore

/// Pictures of users, sent as files of a multipart form.
extension Intake {
  /// The fields in which SDKs send one.
  private static let pictureFields: [StaticString] = [
    "user_details[picture]", "picture", "file", "binaryFile",
  ]
  private static let details: StaticString = "user_details"
  /// Where pictures are read.
  static let pictureAddress = "/o/app_users/picture/"

  /// Takes the first file that may be a picture down; others are nobody's.
  func take(file part: MultipartForm.Part) {
    guard configuration.pictures != nil, !hasFile,
      Self.pictureFields.contains(where: { part.name.isEqual(to: $0) })
    else { return metrics.filesIgnored.add() }
    hasFile = true
    file = part.content
  }

  /// Has the picture kept before the request is, and the user told where it is: as if the client
  /// had put that address into `user_details`. A file that is none, or for which there is no
  /// room, is left out; the rest of the request is as good as ever.
  @inline(never)
  func keepPicture(_ sender: Sender) {
    guard let pictures = configuration.pictures else { return }
    guard file.count <= pictures.pictureBytesMax, Picture.Format(file) != nil else {
      return pictures.counters.unfit.add()
    }
    guard pictures.hasRoom(for: file.count) else { return pictures.counters.full.add() }
    let name = PictureFolder.name(appID: sender.view.hexID, device: sender.device)
    wish.picture = Picture(appID: sender.view.hexID, name: name, bytes: ByteBuffer(bytes: file))
    hasWish = true
    tell(address: Self.pictureAddress + name)
  }

  private func tell(address: String) {
    let key = UnsafeRawBufferPointer(
      start: Self.details.utf8Start, count: Self.details.utf8CodeUnitCount)
    list.removeAll()
    if let sent = parameters.items.first(where: { $0.key.isEqual(to: Self.details) }) {
      list.append(Self.inside(ofObject: decodedText(of: sent)))
    }
    let isFirst = list.bytes.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) }
    if isFirst { list.removeAll() }
    let text = EntryBuffer(capacity: 256)
    text.append(UInt8(ascii: "{"))
    text.append(list.bytes)
    if !isFirst { text.append(UInt8(ascii: ",")) }
    text.append(contentsOf: Array("\"picture\":\"\(address)\"}".utf8))
    list.removeAll()
    list.append(text.bytes)
    // One parameter more than a client may send does no harm: there is room for it.
    _ = parameters.set(
      SentParameter(key: key, name: nil, value: list.bytes, encoding: .plain), limit: .max)
  }

  /// What stands between the braces; nothing of what is no object.
  private static func inside(ofObject text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var (start, end) = (0, text.count)
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    while start < end, isBlank(text[start]) { start += 1 }
    while end > start, isBlank(text[end - 1]) { end -= 1 }
    guard end - start >= 2, text[start] == UInt8(ascii: "{"), text[end - 1] == UInt8(ascii: "}")
    else { return text.part(0, 0) }
    return text.part(start + 1, end - start - 2)
  }
}
