import Foundation
import Testing

@testable import Host

/// Icons out of the files that people send.
@Suite struct RasterTests {
  /// 16 times 8 pixels of one red.
  private static let jpeg = [UInt8](
    base64: """
      /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsL\
      EBYQERMUFRUVDA8XGBYUGBIUFRT/2wBDAQMEBAUEBQkFBQkUDQsNFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQU\
      FBQUFBQUFBQUFBQUFBQUFBQUFBT/wAARCAAIABADAREAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcI\
      CQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRol\
      JicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ip\
      qrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAA\
      AAECAwQFBgcICQoL/8QAtREAAgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLR\
      ChYkNOEl8RcYGRomJygpKjU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaX\
      mJmaoqOkpaanqKmqsrO0tba3uLm6wsPExcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEA\
      PwDwSvz8/uAKAP/Z
      """)
  /// 16 times 16 pixels, every other row later: glass at the left, red above blue at the right.
  private static let gif = [UInt8](
    base64: """
      R0lGODlhEAAQAPEAAAAA/8geKAD/AAAAACH5BAEAAAIALAAAAAAQABAAQAIjlG+hq4gAI3SHMWqkxMIu7jWYFnHkhIUB\
      GLKea5mnTNKaLRUAOw==
      """)

  /// One of each format.
  static let samples = [jpeg, gif, Raster(width: 4, height: 3).png]

  private func pixel(_ raster: Raster, _ column: Int, _ row: Int) -> [UInt8] {
    let place = (row * raster.width + column) * Raster.bytesPerPixel
    return Array(raster.bytes[place..<place + Raster.bytesPerPixel])
  }

  private func filled(_ width: Int, _ height: Int, _ colour: SIMD4<UInt8>) -> Raster {
    var raster = Raster(width: width, height: height)
    for row in 0..<height { for column in 0..<width { raster.set(colour, column, row) } }
    return raster
  }

  @Test("A picture comes back from its file as it went in")
  func portable() throws {
    var raster = filled(3, 2, SIMD4(1, 2, 3, 255))
    raster.set(SIMD4(9, 8, 7, 255), 2, 1)
    raster.set(SIMD4(0, 0, 0, 0), 0, 0)
    let read = try Raster(file: raster.png)
    #expect((read.width, read.height) == (3, 2))
    #expect(read.bytes == raster.bytes)
  }

  @Test("An icon is the whole picture in the middle of a square, made smaller or larger")
  func fitted() throws {
    let wide = try Raster(file: AppIcon.make(of: filled(400, 200, SIMD4(10, 20, 30, 255)).png))
    #expect((wide.width, wide.height) == (72, 72))
    #expect(pixel(wide, 0, 17) == [0, 0, 0, 0] && pixel(wide, 71, 54) == [0, 0, 0, 0])
    #expect(pixel(wide, 0, 18) == [10, 20, 30, 255] && pixel(wide, 71, 53) == [10, 20, 30, 255])
    let small = try Raster(file: AppIcon.make(of: filled(1, 1, SIMD4(5, 6, 7, 255)).png))
    #expect(pixel(small, 0, 0) == [5, 6, 7, 255] && pixel(small, 71, 71) == [5, 6, 7, 255])
    let line = try Raster(file: AppIcon.make(of: filled(1_000, 1, SIMD4(5, 6, 7, 255)).png))
    #expect(pixel(line, 0, 35) == [5, 6, 7, 255])
  }

  @Test("What is seen through does not colour what is beside it")
  func glass() {
    var raster = filled(144, 144, SIMD4(200, 100, 50, 255))
    for row in 0..<144 { for column in 0..<72 { raster.set(SIMD4(0, 0, 255, 0), column * 2, row) } }
    let icon = raster.fitted(side: 72)
    #expect(pixel(icon, 36, 36) == [200, 100, 50, 127])
  }

  @Test("JPEG and GIF are read, the first picture of an animation alone")
  func others() throws {
    let red = try Raster(file: Self.jpeg)
    #expect((red.width, red.height) == (16, 8))
    for (have, need) in zip(pixel(red, 8, 4), [200, 30, 40, 255]) {
      #expect(abs(Int(have) - need) < 6)
    }
    let flag = try Raster(file: Self.gif)
    #expect((flag.width, flag.height) == (16, 16))
    #expect(pixel(flag, 3, 3) == [0, 0, 0, 0])
    #expect(pixel(flag, 12, 0) == [200, 30, 40, 255] && pixel(flag, 12, 7) == [200, 30, 40, 255])
    #expect(pixel(flag, 12, 8) == [0, 0, 255, 255] && pixel(flag, 12, 15) == [0, 0, 255, 255])
  }

  @Test("A large JPEG is decoded at a part of its size")
  func scaled() throws {
    var tall = Self.jpeg
    // The height and the width of its frame; what is missing of it is grey.
    let frame = try #require(tall.indices.first { tall[$0...].starts(with: [0xFF, 0xC0]) })
    tall.replaceSubrange(frame + 5..<frame + 9, with: [4, 0, 8, 0])
    let raster = try Raster(file: tall)
    #expect((raster.width, raster.height) == (256, 128))
  }

  @Test("The head of a file decides whether there is memory for it")
  func bombs() throws {
    var png = filled(2, 2, .zero).png
    png.replaceSubrange(16..<24, with: [0, 0, 0x80, 0, 0, 0, 0x80, 0])
    png.replaceSubrange(29..<33, with: Self.crc(png[12..<29]))
    var jpeg = Self.jpeg
    let frame = try #require(jpeg.indices.first { jpeg[$0...].starts(with: [0xFF, 0xC0]) })
    jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xFF, 0xDC, 0xFF, 0xDC])
    var canvas = Self.gif
    canvas.replaceSubrange(6..<10, with: [0xFF, 0xFF, 0xFF, 0xFF])
    var inside = Self.gif
    let head: [UInt8] = [0x2C, 0, 0, 0, 0]
    let place = try #require(inside.indices.first { inside[$0...].starts(with: head) })
    inside.replaceSubrange(place + 5..<place + 9, with: [0xFF, 0xFF, 0xFF, 0xFF])
    for bomb in [png, jpeg, canvas, inside] {
      #expect {
        try Raster(file: bomb)
      } throws: {
        guard case .size(let width, let height)? = $0 as? Raster.Refusal else { return false }
        return width == height && width > 30_000
      }
    }
  }

  @Test("What is cut off, changed or something else is refused in words, and never traps")
  func damaged() throws {
    for file in [filled(40, 40, SIMD4(1, 2, 3, 4)).png, Self.gif, Self.jpeg] {
      for length in 0..<file.count { _ = try? Raster(file: Array(file.prefix(length))) }
      for place in file.indices {
        var changed = file
        changed[place] ^= 0xFF
        _ = try? Raster(file: changed)
      }
    }
    #expect(throws: Raster.Refusal.self) { try Raster(file: Array("<svg/>".utf8)) }
    #expect(throws: Raster.Refusal.self) { try Raster(file: Array(Self.gif.prefix(30))) }
    #expect("\(Raster.Refusal.format)" == "the file is no PNG, JPEG or GIF")
  }

  /// As PNG has it.
  private static func crc(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: ~crc >> UInt32($0)) }
  }
}

extension [UInt8] {
  fileprivate init(base64 text: String) { self = Data(base64Encoded: text).map(Array.init) ?? [] }
}
