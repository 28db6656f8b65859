/// Why a plugin was refused or failed: a stable code for scripts, a sentence for the operator.
package struct PluginError: Error, CustomStringConvertible, Sendable {
  /// Stable codes; a retired number is never used again.
  package enum Code: String, Sendable {
    case notFound = "TALLY-100"
    case notSharedObject = "TALLY-101"
    case entryMissing = "TALLY-102"
    case libraryMissing = "TALLY-103"
    case otherMajor = "TALLY-110"
    case needsNewerHost = "TALLY-111"
    case unknownTail = "TALLY-112"
    case invalidTable = "TALLY-113"
    case serviceMissing = "TALLY-130"
    case dependency = "TALLY-131"
    case otherLane = "TALLY-132"
    case invalidSetting = "TALLY-140"
    case untrusted = "TALLY-150"
    case openToAll = "TALLY-151"
    case startFailed = "TALLY-160"
    case runner = "TALLY-162"
    case late = "TALLY-163"
    case conflict = "TALLY-170"
    case quarantined = "TALLY-180"
  }

  package let code: Code
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// The same, with what the server does instead.
  func saying(_ outcome: String) -> PluginError { PluginError(code, message + "; " + outcome) }

  package var description: String { "\(code.rawValue): \(message)" }
}
