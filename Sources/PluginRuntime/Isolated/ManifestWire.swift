import PluginABI

/// A descriptor on its way from the runner, where the library is, to the host, which checks it as if
/// it had read it itself.
enum ManifestWire {
  static func write(_ descriptor: UnsafePointer<tally_descriptor>, to writer: inout WireWriter) {
    let table = descriptor.pointee
    for text in [
      table.name, table.version, table.summary, table.vendor, table.license, table.homepage,
      table.dashboard,
    ] { writer.put(text) }
    writer.put(UInt64(table.flags))
    write(settings: table, to: &writer)
    list(table.permissions, table.n_permissions, to: &writer) {
      $0.put($1.key)
      $0.put($1.title)
      $0.put(UInt64($1.flags))
    }
    list(table.depends, table.n_depends, to: &writer) {
      $0.put($1.plugin)
      $0.put($1.version)
      $0.put(UInt64($1.flags))
    }
    list(table.needs, table.n_needs, to: &writer) {
      $0.put($1.service)
      $0.put($1.revision, $1.flags)
    }
  }

  private static func write(settings table: tally_descriptor, to writer: inout WireWriter) {
    // The runner has read it: an array that cannot be taken over was refused.
    let settings =
      (try? Incoming.array(table.settings, count: table.n_settings, "tally_setting")) ?? []
    writer.put(UInt64(settings.count))
    for setting in settings {
      writer.put(setting.kind, setting.flags)
      for text in [setting.name, setting.help, setting.default_text, setting.unit] {
        writer.put(text)
      }
      writer.put(setting.minimum.bitPattern)
      writer.put(setting.maximum.bitPattern)
      list(setting.choices, setting.n_choices, to: &writer) { $0.put($1) }
    }
  }

  private static func list<T>(
    _ start: UnsafePointer<T>?, _ count: UInt32, to writer: inout WireWriter,
    _ put: (inout WireWriter, T) -> Void
  ) {
    let all = UnsafeBufferPointer(start: start, count: start == nil ? 0 : Int(count))
    writer.put(UInt64(all.count))
    for entry in all { put(&writer, entry) }
  }

  // MARK: Reading

  /// The lists of a descriptor; texts lie in the message.
  private struct Lists {
    var settings: [tally_setting] = []
    /// Of all settings, one behind the other.
    var choices: [tally_str] = []
    var permissions: [tally_permission] = []
    var depends: [tally_depend] = []
    var needs: [tally_need] = []
  }

  static func read(
    _ reader: inout WireReader, origin: String
  ) throws(PluginError) -> Manifest {
    var table = tally_descriptor()
    var lists = Lists()
    do throws(WireDamage) {
      table.struct_size = UInt32(MemoryLayout<tally_descriptor>.size)
      table.name = try reader.tallyText()
      table.version = try reader.tallyText()
      table.summary = try reader.tallyText()
      table.vendor = try reader.tallyText()
      table.license = try reader.tallyText()
      table.homepage = try reader.tallyText()
      table.dashboard = try reader.tallyText()
      table.flags = UInt32(truncatingIfNeeded: try reader.word())
      lists = try Self.lists(&reader)
    } catch {
      throw PluginError(.runner, "\(origin): its runner sent a descriptor that cannot be read")
    }
    return try manifest(table, &lists, origin: origin)
  }

  private static func manifest(
    _ given: tally_descriptor, _ lists: inout Lists, origin: String
  ) throws(PluginError) -> Manifest {
    var table = given
    let all = lists
    let result = all.choices.withUnsafeBufferPointer { choices in
      var place = 0
      for index in lists.settings.indices where lists.settings[index].n_choices > 0 {
        lists.settings[index].choices = choices.baseAddress.map { $0 + place }
        place += Int(lists.settings[index].n_choices)
      }
      return lists.settings.withUnsafeBufferPointer { settings in
        all.permissions.withUnsafeBufferPointer { permissions in
          all.depends.withUnsafeBufferPointer { depends in
            all.needs.withUnsafeBufferPointer { needs in
              (table.settings, table.n_settings) = (settings.baseAddress, UInt32(settings.count))
              (table.permissions, table.n_permissions) = (
                permissions.baseAddress, UInt32(permissions.count)
              )
              (table.depends, table.n_depends) = (depends.baseAddress, UInt32(depends.count))
              (table.needs, table.n_needs) = (needs.baseAddress, UInt32(needs.count))
              return withUnsafePointer(to: table) { pointer in
                Result { () throws(PluginError) in try Manifest(pointer, origin: origin) }
              }
            }
          }
        }
      }
    }
    return try result.get()
  }

  private static func lists(_ reader: inout WireReader) throws(WireDamage) -> Lists {
    var lists = Lists()
    for _ in 0..<(try count(&reader)) {
      lists.settings.append(try setting(&reader, &lists.choices))
    }
    for _ in 0..<(try count(&reader)) {
      var entry = tally_permission()
      entry.key = try reader.tallyText()
      entry.title = try reader.tallyText()
      entry.flags = UInt32(truncatingIfNeeded: try reader.word())
      lists.permissions.append(entry)
    }
    for _ in 0..<(try count(&reader)) {
      var entry = tally_depend()
      entry.plugin = try reader.tallyText()
      entry.version = try reader.tallyText()
      entry.flags = UInt32(truncatingIfNeeded: try reader.word())
      lists.depends.append(entry)
    }
    for _ in 0..<(try count(&reader)) {
      var entry = tally_need()
      entry.service = try reader.tallyText()
      (entry.revision, entry.flags) = try reader.pair()
      lists.needs.append(entry)
    }
    return lists
  }

  private static func setting(
    _ reader: inout WireReader, _ choices: inout [tally_str]
  ) throws(WireDamage) -> tally_setting {
    var setting = tally_setting()
    setting.struct_size = UInt32(MemoryLayout<tally_setting>.size)
    (setting.kind, setting.flags) = try reader.pair()
    setting.name = try reader.tallyText()
    setting.help = try reader.tallyText()
    setting.default_text = try reader.tallyText()
    setting.unit = try reader.tallyText()
    setting.minimum = Double(bitPattern: try reader.word())
    setting.maximum = Double(bitPattern: try reader.word())
    let count = try count(&reader)
    for _ in 0..<count { choices.append(try reader.tallyText()) }
    setting.n_choices = UInt32(count)
    return setting
  }

  /// A list is never longer than what a descriptor may hold.
  private static func count(_ reader: inout WireReader) throws(WireDamage) -> Int {
    let count = try reader.word()
    guard count <= UInt64(Manifest.listMax) else { throw WireDamage() }
    return Int(count)
  }
}
