import PluginABI
import Store

extension UserProperty {
  /// Why a plugin may not find a user by what it names.
  struct Refusal: Error {
    let reason: String
  }

  /// What a plugin gave `find_by`.
  static func read(
    _ given: UnsafePointer<tally_property>?, _ n: UInt32
  ) -> Result<[UserProperty], Refusal> {
    guard n <= countMax, n == 0 || given != nil else {
      return .failure(Refusal(reason: "find_by names \(n) properties, at most \(countMax)"))
    }
    var named: [UserProperty] = []
    for property in UnsafeBufferPointer(start: given, count: Int(n)) {
      guard let property = UserProperty(property.name.bytes, property.value.bytes) else {
        return .failure(
          Refusal(
            reason: "find_by needs names of 1 to \(nameBytesMax) bytes and values of 1 to "
              + "\(valueBytesMax)"))
      }
      named.append(property)
    }
    return .success(named)
  }
}
