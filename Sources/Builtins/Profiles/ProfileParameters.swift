import PluginKit

/// The parameters of a request that speak of its user, and what they change.
struct ProfileParameters: Sendable {
  /// A parameter; those up to `location` make a request one that is looked at.
  private enum Parameter: UInt8, CaseIterable {
    case details = 1
    case consent
    case healthCheck
    case campaign
    case campaignUser
    case attribution
    case advertising
    case region
    case location
    case begin
    case idType
    case timeZone
    case queued
    case sdkName
    case sdkVersion
    case appVersion

    var name: String {
      switch self {
      case .details: "user_details"
      case .consent: "consent"
      case .healthCheck: "hc"
      case .campaign: "campaign_id"
      case .campaignUser: "campaign_user"
      case .attribution: "attribution_data"
      case .advertising: "aid"
      case .region: "region"
      case .location: "location"
      case .begin: "begin_session"
      case .idType: "t"
      case .timeZone: "tz"
      case .queued: "rr"
      case .sdkName: "sdk_name"
      case .sdkVersion: "sdk_version"
      case .appVersion: "av"
      }
    }

    /// On its own it says nothing about the user that is worth a write.
    var isCompanion: Bool { rawValue > Parameter.location.rawValue }
  }

  /// Members of `consent`, `hc` and `aid` that are kept.
  private static let membersMax = 64
  private static let memberBytesMax = 64
  private static let textBytesMax = 256
  private static let attributionBytesMax = 4_096
  static let unknown = ProfileValue.text("Unknown")

  /// The names a batch needs one of to be looked at.
  let triggers: [Key]
  private let table: KeyTable
  let details: UserDetails

  init(_ host: Host, limits: ProfileLimits) throws {
    let keys = try Parameter.allCases.map { ($0, try host.intern($0.name)) }
    triggers = keys.compactMap { $0.isCompanion ? nil : $1 }
    table = KeyTable(keys.map { ($1, $0.rawValue) })
    details = UserDetails(custom: CustomProperties(limits: limits))
  }

  /// Whether the request carries anything that is kept: the one look that common requests pay.
  func concern(_ item: Item) -> Bool {
    for parameter in item.root.children {
      let tag = table[parameter]
      if tag != 0, tag <= Parameter.location.rawValue { return true }
    }
    return false
  }

  func apply(_ item: Item, to fields: inout ProfileFields) {
    var isBegin = false
    var isOptOut = false
    for node in item.root.children {
      guard let parameter = Parameter(rawValue: table[node]) else { continue }
      switch parameter {
      case .begin: isBegin = node.isYes
      case .location where node.kind == .string && node.text.isEmpty: isOptOut = true
      default: apply(parameter, node, item, to: &fields)
      }
    }
    if isOptOut, isBegin {
      fields.removeAll(of: "loc.")
      fields["rgn"] = Self.unknown
    }
  }

  private func apply(
    _ parameter: Parameter, _ node: Node, _ item: Item, to fields: inout ProfileFields
  ) {
    switch parameter {
    case .details:
      // A text that is no JSON says nothing.
      guard node.kind == .object else { return }
      details.apply(ProfileValue(node), to: &fields)
      fields["hasInfo"] = .bool(true)
    case .consent: merge("consent.", node, to: &fields) { .bool($0.isYes) }
    case .healthCheck: merge("hc.", node, to: &fields, Self.scalar)
    case .advertising: merge("aid.", node, to: &fields, Self.scalar)
    case .location: locate(node.text, item.timestampMs, &fields)
    case .campaign: set("campaign_id", node, &fields)
    case .campaignUser: set("campaign_user", node, &fields)
    case .attribution: attribute(node, &fields)
    case .region: set("rgn", node, &fields)
    case .sdkName: set("sdk.name", node, &fields)
    case .sdkVersion: set("sdk.version", node, &fields)
    case .appVersion: set("av", node, &fields)
    case .timeZone: count("tz", node, -1_440...1_440, &fields)
    case .queued: count("rr", node, 0...Int64.max, &fields)
    case .idType:
      count("t", node, 0...255, &fields)
      if node.looseInt == 0 { fields["hasInfo"] = .bool(true) }
    case .begin: break
    }
  }

  private static func scalar(_ node: Node) -> ProfileValue? {
    ProfileValue(node).scalar(bytesMax: textBytesMax)
  }

  private func set(_ name: String, _ node: Node, _ fields: inout ProfileFields) {
    guard let text = ProfileValue(node).line, !text.isEmpty else { return }
    fields[name] = .text(text.cut(Self.textBytesMax))
  }

  private func count(
    _ name: String, _ node: Node, _ range: ClosedRange<Int64>, _ fields: inout ProfileFields
  ) {
    if let number = node.looseInt, range.contains(number) { fields[name] = .int(number) }
  }

  /// Takes the members of an object over, each below the prefix.
  private func merge(
    _ prefix: String, _ node: Node, to fields: inout ProfileFields,
    _ value: (Node) -> ProfileValue?
  ) {
    guard node.kind == .object else { return }
    for member in node.children.prefix(Self.membersMax) {
      let name = prefix + String(member.name).propertyName.cut(Self.memberBytesMax)
      guard name != prefix, let value = value(member) else { continue }
      if fields[name] == nil, fields.count(of: prefix) >= Self.membersMax { continue }
      fields[name] = value
    }
  }

  /// Kept as the text it came as; parsed JSON is no text any more and is written out again.
  private func attribute(_ node: Node, _ fields: inout ProfileFields) {
    let value = ProfileValue(node)
    let text = value.line ?? ProfileJSON.text(value)
    guard !value.isNothing, text.utf8.count <= Self.attributionBytesMax else { return }
    fields["attribution_data"] = .text(text)
  }

  /// `"52.5,13.4"`: latitude and longitude of a device that knows where it is.
  private func locate(_ text: Text, _ atMs: Int64, _ fields: inout ProfileFields) {
    let parts = String(text.prefix(Self.memberBytesMax)).split(separator: ",")
    let numbers = parts.compactMap { part in Double(part.filter { $0 != " " }) }
    guard parts.count == 2, numbers.count == 2, numbers[0].magnitude <= 90,
      numbers[1].magnitude <= 180
    else { return }
    fields["loc.gps"] = .bool(true)
    fields["loc.geo"] = .list([.double(numbers[1]), .double(numbers[0])])
    fields["loc.date"] = .int(atMs)
  }
}
