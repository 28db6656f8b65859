import PluginABI
import Testing

@testable import PluginRuntime

@Suite("Messages of runners")
struct WireTests {
  private func written(_ capacity: Int = 4_096, _ body: (inout WireWriter) -> Void) -> [UInt8] {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 8)
    defer { memory.deallocate() }
    guard let base = memory.baseAddress else { return [] }
    var writer = WireWriter(base: base, capacity: capacity)
    body(&writer)
    return Array(memory.prefix(writer.used))
  }

  @Test("What was written is read, and everything lies on eight bytes")
  func roundTrip() throws {
    let bytes = written {
      $0.put(7)
      $0.put("abc")
      $0.put(UInt32.max, 5)
      $0.put("")
    }
    #expect(bytes.count == 8 + 16 + 8 + 8)
    try bytes.withUnsafeBytes { bytes in
      var reader = WireReader(bytes)
      #expect(try reader.word() == 7)
      #expect(try reader.text() == "abc")
      let pair = try reader.pair()
      #expect(pair.low == UInt32.max && pair.high == 5)
      #expect(try reader.text() == "")
      #expect(reader.isAtEnd)
      #expect(throws: WireDamage.self) { try reader.word() }
    }
  }

  @Test("A writer that is full leaves out and says so")
  func full() {
    var isFull = false
    let bytes = written(16) {
      $0.put("0123456789")
      isFull = $0.isFull
    }
    #expect(isFull && bytes.isEmpty)
  }

  @Test("A length beyond the message is damage, however large")
  func lengths() {
    for length in [UInt64(1), 9, 1 << 40, .max] {
      let bytes = written { $0.put(length) }
      bytes.withUnsafeBytes { bytes in
        #expect(throws: WireDamage.self) {
          var reader = WireReader(bytes)
          _ = try reader.data()
        }
        #expect(throws: WireDamage.self) {
          var reader = WireReader(bytes)
          _ = try reader.words(Int(truncatingIfNeeded: length) | 4)
        }
      }
    }
  }

  @Test("Registrations that are damaged are refused, whatever they are")
  func registrations() throws {
    let manifest = try "any".utf8CString.withUnsafeBytes { name in
      var descriptor = tally_descriptor()
      descriptor.struct_size = UInt32(MemoryLayout<tally_descriptor>.size)
      descriptor.name = tally_str(UnsafeRawBufferPointer(rebasing: name.dropLast()))
      return try withUnsafePointer(to: descriptor) { try Manifest($0, origin: "test") }
    }
    var state: UInt64 = 1
    for length in 0..<400 {
      let bytes = (0..<length).map { _ -> UInt8 in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 60)
      }
      guard length > 0 else { continue }
      bytes.withUnsafeBytes { bytes in
        _ = #expect(throws: PluginError.self) { try EnrollmentWire.read(bytes, of: manifest) }
      }
    }
  }

  @Test("Settings arrive as they were checked")
  func settings() throws {
    let text = { (text: StaticString) in
      tally_str(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
    let setting = { (kind: UInt32, name: StaticString, standard: StaticString) in
      var setting = tally_setting()
      setting.struct_size = UInt32(MemoryLayout<tally_setting>.size)
      setting.kind = kind
      setting.name = text(name)
      setting.default_text = text(standard)
      return setting
    }
    let known = [
      setting(TALLY_SETTING_STRING, "text", ""), setting(TALLY_SETTING_STRING, "empty", ""),
      setting(TALLY_SETTING_BOOL, "flag", "true"), setting(TALLY_SETTING_INT, "whole", "-5"),
      setting(TALLY_SETTING_DOUBLE, "number", "0.1"),
    ]
    let given = [GivenSetting(name: "text", text: "Ω \"quoted\"", place: "plugins.yaml:1:1")]
    let manifest = try known.withUnsafeBufferPointer { known in
      var descriptor = tally_descriptor()
      descriptor.struct_size = UInt32(MemoryLayout<tally_descriptor>.size)
      descriptor.name = known[0].name
      descriptor.settings = known.baseAddress
      descriptor.n_settings = UInt32(known.count)
      return try withUnsafePointer(to: descriptor) { try Manifest($0, origin: "test") }
    }
    let settings = try Settings(manifest: manifest, given: given, nearest: { _, _ in nil })
    let bytes = written { SettingsWire.write(settings, to: &$0) }
    try bytes.withUnsafeBytes { bytes in
      var reader = WireReader(bytes)
      let read = try SettingsWire.read(&reader)
      #expect(read.values == settings.values && read.values.count == 5)
      #expect(settings.values["text"] == .string("Ω \"quoted\"") && reader.isAtEnd)
    }
  }

  @Test("The mirror finds what it was told, under the whole name only, until it is told to forget")
  func mirror() {
    var mirror = SeriesMirror()
    func series(_ subject: StaticString) -> tally_series {
      var series = tally_series()
      series.metric = 1
      series.subject = tally_str(
        UnsafeRawBufferPointer(start: subject.utf8Start, count: subject.utf8CodeUnitCount))
      return series
    }
    for app in UInt32(0)..<3_000 {
      mirror.name(app: app, year: 2_026, series("one"))
      #expect(mirror.find() == nil)
      mirror.insert(Int64(app) + 10)
    }
    for app in UInt32(0)..<3_000 {
      mirror.name(app: app, year: 2_026, series("one"))
      #expect(mirror.find() == Int64(app) + 10)
    }
    mirror.name(app: 5, year: 2_027, series("one"))
    #expect(mirror.find() == nil)
    mirror.name(app: 5, year: 2_026, series("two"))
    #expect(mirror.find() == nil)
    mirror.removeAll()
    mirror.name(app: 5, year: 2_026, series("one"))
    #expect(mirror.find() == nil)
  }
}
