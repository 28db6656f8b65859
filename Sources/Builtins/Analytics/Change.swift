import PluginKit

/// How a number compares with that of the period before.
struct Change: Equatable {
  /// `NA` when there was nothing before, `∞` when nothing is left, else a percentage.
  let text: String
  let isDown: Bool

  init(_ now: Double, before: Double) {
    if before == 0 {
      (text, isDown) = ("NA", false)
    } else if now == 0 {
      (text, isDown) = ("∞", true)
    } else {
      let percent = Tenths((now - before) * 100 / before)
      (text, isDown) = (percent.text + "%", percent.tenths < 0)
    }
  }
}

extension Reply {
  /// `,"change":…,"trend":…`, behind the number itself.
  func write(_ change: Change) {
    write(",\"change\":")
    string(change.text)
    write(change.isDown ? ",\"trend\":\"d\"" : ",\"trend\":\"u\"")
  }
}
