/// A span of time in words: minutes, and when there are many, hours, days or years.
struct SpanText {
  let text: String

  init(seconds: Double) {
    let minutes = seconds / 60
    let (unit, name) =
      switch minutes {
      case ..<60: (1.0, "min")
      case ..<1_440: (60, "hours")
      case ..<142_560: (1_440, "days")
      default: (525_600, "years")
      }
    text = "\(Tenths(minutes / unit).text) \(name)"
  }
}
