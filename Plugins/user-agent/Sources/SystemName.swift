/// An operating system by the name that SDKs and dashboards use, from that of uap-core.
struct SystemName {
  let text: String
  /// The version of a distribution is none of Linux.
  let keepsVersion: Bool

  private static let names = [
    "Mac OS X": "macOS", "Mac OS": "macOS", "ATV OS X": "tvOS", "WatchOS": "watchOS",
    "BlackBerry OS": "BlackBerry", "BlackBerry Tablet OS": "BlackBerry", "OpenBSD": "Open BSD",
    "Solaris": "Sun OS", "Symbian OS": "Symbian", "Symbian^3": "Symbian",
    "Symbian^3 Anna": "Symbian", "Symbian^3 Belle": "Symbian", "Windows Mobile": "Windows Phone",
    "Windows CE": "Windows Phone",
  ]
  private static let distributions: Set<String> = [
    "Arch Linux", "CentOS", "Debian", "Fedora", "Gentoo", "Kubuntu", "Linux Mint", "Lubuntu",
    "Mageia", "Mandriva", "Puppy", "Red Hat", "SUSE", "Slackware", "Ubuntu", "Xubuntu",
  ]

  init(_ family: String) {
    let isDistribution = Self.distributions.contains(family)
    text = isDistribution ? "Linux" : Self.names[family] ?? family
    keepsVersion = !isDistribution
  }

  /// In the words in which SDKs say it; nil where the system does not tell.
  func deviceType(agent: String, device: String) -> String? {
    switch text {
    case "Android":
      if agent.contains("TV") { return "smarttv" }
      return agent.contains("Mobile") ? "mobile" : "tablet"
    case "iOS": return device.hasPrefix("iPad") ? "tablet" : "mobile"
    case "Windows Phone", "BlackBerry", "Symbian", "KaiOS", "Firefox OS": return "mobile"
    case "tvOS": return "smarttv"
    case "watchOS": return "wearable"
    case "Windows", "macOS", "Linux", "Chrome OS", "Open BSD", "FreeBSD", "NetBSD", "Sun OS":
      return "desktop"
    default: return nil
    }
  }
}
