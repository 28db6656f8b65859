import Foundation

/// Small square pictures of apps.
enum AppIcon {
  /// In pixels.
  static let side = 72
  /// What the field of a form is called that has the picture's file.
  static let field = "app_image"
  /// Bytes of a form that brings one.
  static let formBytesMax = 4 << 20
  /// Decoding takes memory, and so there is one at a time.
  private static let oneByOne = NSLock()

  /// The icon made of a file: a PNG.
  static func make(of file: [UInt8]) throws(Raster.Refusal) -> [UInt8] {
    oneByOne.lock()
    defer { oneByOne.unlock() }
    return try Raster(file: file).fitted(side: side).png
  }

  /// Of apps that have none of their own: a tally of five.
  static let standard: [UInt8] = {
    var raster = Raster(width: side, height: side)
    let (ground, chalk) = (SIMD4<UInt8>(43, 58, 85, 255), SIMD4<UInt8>(repeating: 255))
    for row in 0..<side {
      for column in 0..<side {
        let isBar = (16..<56).contains(row) && [18, 30, 42, 54].contains { abs(column - $0) < 2 }
        let isStroke = (10..<62).contains(column) && abs(row - side + column) < 3
        raster.set(isBar || isStroke ? chalk : ground, column, row)
      }
    }
    return raster.png
  }()
}
