import CTurboJPEG

extension Raster {
  /// A reader that makes less of a picture does it in eighths of its pixels.
  private static let smallerBy = [8, 4, 2, 1]

  /// A picture much larger than an icon is decoded at a part of its size.
  init(jpeg file: [UInt8]) throws(Refusal) {
    guard let decoder = tjInitDecompress() else { throw .damaged }
    defer { tjDestroy(decoder) }
    var (width, height, sampling, colours) = (Int32(0), Int32(0), Int32(0), Int32(0))
    let isRead = tjDecompressHeader3(
      decoder, file, UInt(file.count), &width, &height, &sampling, &colours)
    guard isRead == 0 else { throw .damaged }
    try Self.check(width: Int(width), height: Int(height))
    func scaled(_ pixels: Int32, _ part: Int) -> Int { (Int(pixels) + part - 1) / part }
    let part = Self.smallerBy.first { scaled(min(width, height), $0) >= AppIcon.side } ?? 1
    self.init(width: scaled(width, part), height: scaled(height, part))
    let code = tjDecompress2(
      decoder, file, UInt(file.count), &bytes, Int32(self.width), 0, Int32(self.height),
      Int32(TJPF_RGBA.rawValue), TJFLAG_LIMITSCANS)
    // Bytes that nothing is made of are no harm.
    guard code == 0 || tjGetErrorCode(decoder) == TJERR_WARNING.rawValue else { throw .damaged }
  }
}
