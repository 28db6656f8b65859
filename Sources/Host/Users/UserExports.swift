import Foundation
import PluginRuntime
import Store

/// The files of exported users: everything that is kept about them, as JSON, until somebody deletes
/// it or one of them is erased.
struct UserExports: Sendable {
  /// Requests one export holds; the newest are left out, and the file says so.
  static let requestsMax = 100_000
  private static let folder = "exports"
  private static let prefix = "appUser_"
  private static let suffix = ".json"
  private static let nameBytesMax = 128
  private static let severalMark = "HASH_"
  private static let hashDigits = 40

  private let directory: String

  init(data: String) {
    directory = (data as NSString).appendingPathComponent(Self.folder)
  }

  static func name(appID: String, uid: UInt64) -> String {
    "\(prefix)\(appID)_\(UserNumber.text(uid))\(suffix)"
  }

  /// Of several users; the same ones have the same name.
  static func name(appID: String, uids: [UInt64]) -> String {
    let list = uids.sorted().map(UserNumber.text).joined(separator: ",")
    let hash = UserNumber.hash(appKey: list, device: [])
    return "\(prefix)\(appID)_\(severalMark)\(hash)\(suffix)"
  }

  /// Writes an export; a reader sees the old one or the new.
  func write(_ bytes: [UInt8], as name: String) throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: path(name)), options: .atomic)
  }

  /// The bytes of an export of an app; nil when there is none of that name.
  func read(_ id: String, appID: String) -> (name: String, bytes: [UInt8])? {
    guard let name = Self.checked(id, appID: appID),
      let data = FileManager.default.contents(atPath: path(name))
    else { return nil }
    return (name, Array(data))
  }

  /// Deletes an export; whom it was about, nobody when it was about several, nil when there was none.
  func remove(_ id: String, appID: String) -> [UInt64]? {
    guard let name = Self.checked(id, appID: appID),
      (try? FileManager.default.removeItem(atPath: path(name))) != nil
    else { return nil }
    return Self.users(String(name.dropLast(Self.suffix.count)), appID: appID)
  }

  /// Deletes all that may have something of a user: names do not say which of several users they are
  /// about, so all of those go.
  func remove(appID: String, uid: UInt64) {
    _ = remove(Self.name(appID: appID, uid: uid), appID: appID)
    removeAll(appID: appID, mark: Self.severalMark)
  }

  /// Deletes those of an app.
  func removeAll(appID: String, mark: String = "") {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    for name in names where name.hasPrefix(Self.prefix + appID + "_" + mark) {
      _ = remove(name, appID: appID)
    }
  }

  /// The name of a file in the folder, and of none elsewhere.
  private static func checked(_ id: String, appID: String) -> String? {
    let stem = id.hasSuffix(suffix) ? String(id.dropLast(suffix.count)) : id
    return stem.utf8.count <= nameBytesMax && users(stem, appID: appID) != nil ? stem + suffix : nil
  }

  /// Whom an export of an app is about, by its name without suffix: one, or nobody who is named.
  private static func users(_ stem: String, appID: String) -> [UInt64]? {
    let beginning = prefix + appID + "_"
    guard stem.hasPrefix(beginning) else { return nil }
    let rest = stem.dropFirst(beginning.count)
    guard rest.hasPrefix(severalMark) else { return UserNumber.number(String(rest)).map { [$0] } }
    let hash = rest.dropFirst(severalMark.count)
    return hash.utf8.count == hashDigits && hash.allSatisfy(\.isHexDigit) ? [] : nil
  }

  private func path(_ name: String) -> String {
    (directory as NSString).appendingPathComponent(name)
  }
}
