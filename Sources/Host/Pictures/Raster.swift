/// Pixels in rows of four bytes each: red, green, blue and how opaque.
struct Raster {
  /// What is decoded: 16 MiB of memory while it is.
  static let pixelsMax = 1 << 22
  static let bytesPerPixel = 4

  let width: Int
  let height: Int
  var bytes: [UInt8]

  /// Why a file makes no picture.
  enum Refusal: Error, CustomStringConvertible {
    case format, size(width: Int, height: Int), damaged

    var description: String {
      switch self {
      case .format: "the file is no PNG, JPEG or GIF"
      case .size(let width, let height):
        "the picture has \(width) times \(height) pixels; send one of 1 to \(pixelsMax)"
      case .damaged: "the picture cannot be read to its end"
      }
    }
  }

  /// Nothing but glass.
  init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    bytes = [UInt8](repeating: 0, count: width * height * Self.bytesPerPixel)
  }

  /// The picture in a file. Its head says how large it is, and decides before anything is decoded.
  init(file: [UInt8]) throws(Refusal) {
    switch Picture.Format(file) {
    case .png: try self.init(png: file)
    case .jpeg: try self.init(jpeg: file)
    case .gif: try self.init(gif: file)
    case nil: throw .format
    }
  }

  /// Refuses what takes too much memory.
  static func check(width: Int, height: Int) throws(Refusal) {
    guard width > 0, height > 0, width <= pixelsMax / height else {
      throw .size(width: width, height: height)
    }
  }

  /// The whole picture in the middle of a square, as large as it fits.
  func fitted(side: Int) -> Raster {
    var square = Raster(width: side, height: side)
    let longer = max(width, height)
    let (columns, rows) = (max(width * side / longer, 1), max(height * side / longer, 1))
    let (left, top) = ((side - columns) / 2, (side - rows) / 2)
    for row in 0..<rows {
      let across = Self.span(row, of: rows, in: height)
      for column in 0..<columns {
        let pixel = mean(Self.span(column, of: columns, in: width), across)
        square.set(pixel, left + column, top + row)
      }
    }
    return square
  }

  /// The pixels that one of fewer, or more, stands for.
  private static func span(_ place: Int, of count: Int, in pixels: Int) -> Range<Int> {
    let start = place * pixels / count
    return start..<max((place + 1) * pixels / count, start + 1)
  }

  mutating func set(_ pixel: SIMD4<UInt8>, _ column: Int, _ row: Int) {
    let place = (row * width + column) * Self.bytesPerPixel
    for part in 0..<Self.bytesPerPixel { bytes[place + part] = pixel[part] }
  }

  /// What is seen through does not colour.
  private func mean(_ columns: Range<Int>, _ rows: Range<Int>) -> SIMD4<UInt8> {
    var sum = SIMD4<Int>.zero
    bytes.withUnsafeBufferPointer { bytes in
      for row in rows {
        for column in columns {
          let place = (row * width + column) * Self.bytesPerPixel
          let opaque = Int(bytes[place + 3])
          sum &+= SIMD4(
            Int(bytes[place]) * opaque, Int(bytes[place + 1]) * opaque,
            Int(bytes[place + 2]) * opaque, opaque)
        }
      }
    }
    guard sum.w > 0 else { return .zero }
    let colour = SIMD4(sum.x, sum.y, sum.z, 0) / sum.w
    return SIMD4(
      UInt8(colour.x), UInt8(colour.y), UInt8(colour.z),
      UInt8(sum.w / (columns.count * rows.count)))
  }
}
