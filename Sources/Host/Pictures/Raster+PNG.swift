import CPNG

extension Raster {
  private static let rgba = png_uint_32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA)

  init(png file: [UInt8]) throws(Refusal) {
    self = try file.withUnsafeBytes { file in
      Result { () throws(Refusal) in try Self.decode(file) }
    }.get()
  }

  private static func decode(_ file: UnsafeRawBufferPointer) throws(Refusal) -> Raster {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    guard png_image_begin_read_from_memory(&image, file.baseAddress, file.count) != 0 else {
      throw .damaged
    }
    try check(width: Int(image.width), height: Int(image.height))
    image.format = rgba
    var raster = Raster(width: Int(image.width), height: Int(image.height))
    guard png_image_finish_read(&image, nil, &raster.bytes, 0, nil) != 0 else { throw .damaged }
    return raster
  }

  /// The picture as the bytes of a file.
  var png: [UInt8] {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    (image.width, image.height) = (png_uint_32(width), png_uint_32(height))
    image.format = Self.rgba
    defer { png_image_free(&image) }
    var size = png_alloc_size_t(0)
    guard png_image_write_to_memory(&image, nil, &size, 0, bytes, 0, nil) != 0 else { return [] }
    var file = [UInt8](repeating: 0, count: Int(size))
    guard png_image_write_to_memory(&image, &file, &size, 0, bytes, 0, nil) != 0 else { return [] }
    return Array(file.prefix(Int(size)))
  }
}
