import PluginKit

private let entry = PluginEntry(ProfilesPlugin.self) { ProfilesPlugin.create($0, $1, $2) }

@c(tally_plugin_profiles)
func tallyPluginProfiles() -> PluginTable { entry.table }

/// Keeps what apps and devices say about their users: properties, consent, places, campaigns.
/// Counts nothing. Requests that say nothing of the kind, nearly all, cost a look at their
/// parameters and no write.
struct ProfilesPlugin: Plugin {
  static let descriptor = Descriptor(
    name: "profiles", version: "1.0.0", summary: "Keeps what apps say about their users.",
    settings: [
      .int(
        "custom_properties_max", default: 20, in: 0...200,
        help: "Custom properties a user may have; further ones are not taken."),
      .int(
        "custom_values_max", default: 50, in: 1...1_000,
        help: "Values an array of a custom property holds; the newest stay."),
      .int(
        "property_bytes_max", default: 256, in: 16...4_096,
        help: "Bytes of one property's text; longer ones are cut."),
    ])

  /// Bytes of a profile, a little below what a cell holds. What would grow beyond is not taken.
  static let cellBytesMax = 60_000

  private let host: Host
  private let parameters: ProfileParameters

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    self.host = host
    let limits = ProfileLimits(
      propertiesMax: try host.int("custom_properties_max"),
      valuesMax: try host.int("custom_values_max"),
      valueBytesMax: try host.int("property_bytes_max"))
    parameters = try ProfileParameters(host, limits: limits)
    try registrar.hook(phase: .early, after: ["users"], keys: parameters.triggers)
    try registrar.describesUsers()
    // A host without commands has nobody who edits.
    try (try? Commands(host))?.define(Command.editUser)
  }

  func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) {
    for item in batch where parameters.concern(item) {
      let before = ProfileFields(cell: effects.cell(item))
      var fields = before
      parameters.apply(item, to: &fields)
      guard fields != before else { continue }
      fields[ProfileFields.changed] = .int(item.timestampMs)
      guard let cell = cell(of: fields) else { continue }
      cell.withUnsafeBytes { effects.putCell(item, $0) }
      effects.findBy(item, fields.properties)
    }
  }

  /// Somebody edits a user.
  func apply(_ command: Command, _ effects: borrowing Effects) throws {
    let text = Text(command.payload.baseAddress, count: command.payload.count)
    guard command.user != 0, let edit = JSONReader.parse(text), case .object = edit else {
      throw PluginError(.invalid, "an edit is a JSON object about a user")
    }
    var fields = ProfileFields(cell: effects.cell(command))
    parameters.details.apply(edit: edit, to: &fields)
    fields[ProfileFields.changed] = .int(command.receivedMs)
    guard let cell = cell(of: fields) else {
      throw PluginError(.limit, "the profile would be over \(Self.cellBytesMax) bytes")
    }
    cell.withUnsafeBytes { effects.putCell(command, $0) }
    effects.findBy(command, fields.properties)
  }

  func merge(_ merge: borrowing Merge) {
    let fields = ProfileFields.merged(
      ProfileFields(cell: merge.from), ProfileFields(cell: merge.into),
      parameters.details.custom.limits, bytesMax: Self.cellBytesMax)
    fields.cell.withUnsafeBytes { merge.put($0) }
    merge.findBy(fields.properties)
  }

  func describe(_ portrait: borrowing Portrait) {
    for member in ProfileFields(cell: portrait.cell).members {
      Text.with(member.name) { name in
        Text.with(ProfileJSON.text(member.value)) { portrait.member(name, json: $0) }
      }
    }
  }

  /// Nil when it does not fit.
  private func cell(of fields: ProfileFields) -> [UInt8]? {
    let cell = fields.cell
    if cell.count <= Self.cellBytesMax { return cell }
    host.log(.warning, "a profile is full, a change of it was not taken")
    return nil
  }
}
