/// Checked settings on their way to a runner.
enum SettingsWire {
  static func write(_ settings: Settings?, to writer: inout WireWriter) {
    let secrets = settings?.secrets ?? []
    writer.put(UInt64(secrets.count))
    for secret in secrets { writer.put(secret) }
    write(settings?.values ?? [:], to: &writer)
    let overrides = settings?.overrides ?? [:]
    writer.put(UInt64(overrides.count))
    for (app, values) in overrides.sorted(by: { $0.key < $1.key }) {
      writer.put(app)
      write(values, to: &writer)
    }
  }

  private static func write(_ values: [String: SettingValue], to writer: inout WireWriter) {
    writer.put(UInt64(values.count))
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      writer.put(name)
      switch value {
      case .bool(let flag): writer.put(SettingDefinition.Kind.bool.rawValue, flag ? 1 : 0)
      case .int(let number):
        writer.put(SettingDefinition.Kind.int.rawValue, 0)
        writer.put(UInt64(bitPattern: number))
      case .double(let number):
        writer.put(SettingDefinition.Kind.double.rawValue, 0)
        writer.put(number.bitPattern)
      case .string(let text):
        writer.put(SettingDefinition.Kind.string.rawValue, 0)
        writer.put(text)
      }
    }
  }

  static func read(_ reader: inout WireReader) throws(WireDamage) -> Settings {
    var secrets: [String] = []
    for _ in 0..<(try reader.word()) { secrets.append(try reader.text()) }
    let values = try readValues(&reader)
    var overrides: [String: [String: SettingValue]] = [:]
    for _ in 0..<(try reader.word()) {
      let app = try reader.text()
      overrides[app] = try readValues(&reader)
    }
    return Settings(values: values, secrets: secrets, overrides: overrides)
  }

  private static func readValues(
    _ reader: inout WireReader
  ) throws(WireDamage) -> [String: SettingValue] {
    var values: [String: SettingValue] = [:]
    for _ in 0..<(try reader.word()) {
      let name = try reader.text()
      let (kind, flag) = try reader.pair()
      switch SettingDefinition.Kind(rawValue: kind) {
      case .bool: values[name] = .bool(flag != 0)
      case .int: values[name] = .int(Int64(bitPattern: try reader.word()))
      case .double: values[name] = .double(Double(bitPattern: try reader.word()))
      case .string: values[name] = .string(try reader.text())
      case nil: throw WireDamage()
      }
    }
    return values
  }
}
