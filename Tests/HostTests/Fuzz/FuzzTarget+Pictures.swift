@testable import Host

extension FuzzTarget {
  /// Files that say they are pictures: three libraries of others read them.
  static let pictures = FuzzTarget(
    name: "pictures",
    mutator: Mutator(
      samples: RasterTests.samples,
      splices: [
        [0xFF, 0xD8], [0xFF, 0xC4], [0xFF, 0xDA], [0x21, 0xF9, 4], [0x2C, 0, 0, 0, 0], [0x3B],
        Array("IDAT".utf8), Array("IEND".utf8), Array("PLTE".utf8), [0, 0, 0, 0], [0xFF, 0xFF],
      ]),
    reader: {
      { file in
        guard let raster = try? Raster(file: file) else { return nil }
        let bytes = raster.width * raster.height * Raster.bytesPerPixel
        return raster.bytes.count == bytes && bytes <= Raster.pixelsMax * Raster.bytesPerPixel
          ? nil : "\(raster.width) times \(raster.height)"
      }
    })
}
