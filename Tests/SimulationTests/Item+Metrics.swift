extension Item {
  /// The metric values of this request as they are counted: collection, dimension, cleaned value.
  var countedMetrics: [(Recount.Collection, String, String)] {
    let sent = Dictionary(metrics.map { ($0.name, $0.value) }) { _, last in last }
    var counted: [(Recount.Collection, String, String)] = []
    if let value = sent["_device_type"] {
      counted.append((.deviceDetails, "device_type", cleaned(value)))
    }
    if sent["_os"] == "iOS" { counted.append((.devices, "manufacturers", "Apple")) }
    if let os = sent["_os"] { counted.append((.deviceDetails, "os", cleaned(os))) }
    if let version = sent["_os_version"] {
      let prefix = sent["_os"].map(Self.letter) ?? ""
      counted.append((.deviceDetails, "os_versions", cleaned(prefix + version)))
    }
    if let value = sent["_resolution"] {
      counted.append((.deviceDetails, "resolutions", cleaned(value)))
    }
    if let value = sent["_app_version"] {
      let whole = value.allSatisfy(\.isNumber)
      counted.append((.deviceDetails, "app_versions", cleaned(whole ? value + ".0" : value)))
    }
    if let value = sent["_device"] { counted.append((.devices, "devices", cleaned(value))) }
    if let value = sent["_carrier"] {
      let titled = value.prefix(1).uppercased() + value.dropFirst()
      counted.append((.carriers, "carriers", cleaned(titled)))
    }
    return counted
  }

  private func cleaned(_ value: String) -> String {
    String(value.drop { $0 == "$" }).replacing(".", with: ":")
  }

  private static func letter(_ os: String) -> String {
    ["Android": "a", "iOS": "i", "Windows": "mw", "Linux": "l", "macOS": "o"][os]
      ?? String(os.lowercased().prefix(1))
  }
}
