import CGIF

extension Raster {
  /// The first picture of the file; those behind it are never decoded.
  init(gif bytes: [UInt8]) throws(Refusal) {
    let rest = UnsafeMutablePointer<ArraySlice<UInt8>>.allocate(capacity: 1)
    rest.initialize(to: bytes[...])
    var code: Int32 = 0
    defer {
      rest.deinitialize(count: 1)
      rest.deallocate()
    }
    guard let file = DGifOpen(rest, Self.read, &code) else { throw .damaged }
    defer { DGifCloseFile(file, &code) }
    try Self.check(width: Int(file.pointee.SWidth), height: Int(file.pointee.SHeight))
    self.init(width: Int(file.pointee.SWidth), height: Int(file.pointee.SHeight))
    let glass = try Self.seekPicture(file)
    let place = file.pointee.Image
    try Self.check(width: Int(place.Width), height: Int(place.Height))
    guard let map = place.ColorMap ?? file.pointee.SColorMap else { throw .damaged }
    let colours = UnsafeBufferPointer(start: map.pointee.Colors, count: Int(map.pointee.ColorCount))
    var line = [UInt8](repeating: 0, count: Int(place.Width))
    for row in Self.order(rows: Int(place.Height), isInterlaced: place.Interlace) {
      guard DGifGetLine(file, &line, place.Width) == GIF_OK else { throw .damaged }
      for (column, index) in line.enumerated() where Int(index) != glass {
        let (x, y) = (Int(place.Left) + column, Int(place.Top) + row)
        guard Int(index) < colours.count, x < width, y < height else { continue }
        let colour = colours[Int(index)]
        set(SIMD4(colour.Red, colour.Green, colour.Blue, 255), x, y)
      }
    }
  }

  /// The rows as the file has them.
  private static func order(rows: Int, isInterlaced: Bool) -> [Int] {
    guard isInterlaced else { return Array(0..<rows) }
    return [(0, 8), (4, 8), (2, 4), (1, 2)].flatMap { start, step in
      Array(stride(from: start, to: rows, by: step))
    }
  }

  /// Goes on to the first picture; the colour of it that is seen through, or -1.
  private static func seekPicture(_ file: UnsafeMutablePointer<GifFileType>) throws(Refusal) -> Int
  {
    var (glass, kind) = (-1, UNDEFINED_RECORD_TYPE)
    while true {
      guard DGifGetRecordType(file, &kind) == GIF_OK else { throw .damaged }
      if kind == IMAGE_DESC_RECORD_TYPE {
        guard DGifGetImageDesc(file) == GIF_OK else { throw .damaged }
        return glass
      }
      guard kind == EXTENSION_RECORD_TYPE else { throw .damaged }
      var (code, block) = (Int32(0), UnsafeMutablePointer<GifByteType>?.none)
      guard DGifGetExtension(file, &code, &block) == GIF_OK else { throw .damaged }
      while let bytes = block {
        let isAboutNext = code == GRAPHICS_EXT_FUNC_CODE && bytes[0] >= 4
        if isAboutNext, bytes[1] & 1 == 1 { glass = Int(bytes[4]) }
        guard DGifGetExtensionNext(file, &block) == GIF_OK else { throw .damaged }
      }
    }
  }

  /// Hands the library its bytes.
  private static let read: InputFunc = { file, target, count in
    guard let file, let target, let source = file.pointee.UserData else { return 0 }
    let rest = source.assumingMemoryBound(to: ArraySlice<UInt8>.self)
    let part = rest.pointee.prefix(Int(count))
    for (place, byte) in part.enumerated() { target[place] = byte }
    rest.pointee = rest.pointee.dropFirst(part.count)
    return Int32(part.count)
  }
}
