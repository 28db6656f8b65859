import Glibc

/// The parameters intake itself reads; all others only pass through.
enum ParameterName: Int, CaseIterable {
  case appKey
  case deviceID
  case timestamp
  case checksum
  case checksum256
  case requestsRemaining
  case address
  case clientAddress
  case appID
  case userID
  case populator
  case requests
  case oldDeviceID
  case callback
  case safeAnswer
  case redirected

  private var text: StaticString {
    switch self {
    case .appKey: "app_key"
    case .deviceID: "device_id"
    case .timestamp: "timestamp"
    case .checksum: "checksum"
    case .checksum256: "checksum256"
    case .requestsRemaining: "rr"
    case .address: "ip_address"
    case .clientAddress: "ip"
    case .appID: "app_id"
    case .userID: "user_id"
    case .populator: "populator"
    case .requests: "requests"
    case .oldDeviceID: "old_device_id"
    case .callback: "callback"
    case .safeAnswer: "safe_api_response"
    case .redirected: "tally_redirected"
    }
  }

  /// The name these bytes spell, or nil for one intake does not read.
  @inline(__always)
  init?(_ bytes: UnsafeRawBufferPointer) {
    let candidates: (ParameterName, ParameterName?)
    switch bytes.count {
    case 2: candidates = (.requestsRemaining, .clientAddress)
    case 6: candidates = (.appID, nil)
    case 7: candidates = (.appKey, .userID)
    case 8:
      switch bytes[0] {
      case UInt8(ascii: "c"): candidates = (.checksum, .callback)
      default: candidates = (.requests, nil)
      }
    case 9:
      switch bytes[0] {
      case UInt8(ascii: "t"): candidates = (.timestamp, nil)
      default: candidates = (.deviceID, .populator)
      }
    case 10: candidates = (.address, nil)
    case 11: candidates = (.checksum256, nil)
    case 13: candidates = (.oldDeviceID, nil)
    case 16: candidates = (.redirected, nil)
    case 17: candidates = (.safeAnswer, nil)
    default: return nil
    }
    if candidates.0.matches(bytes) {
      self = candidates.0
    } else if let second = candidates.1, second.matches(bytes) {
      self = second
    } else {
      return nil
    }
  }

  private func matches(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let text = text
    return bytes.isEqual(
      to: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Whether the parameter differs when a client sends a request again, and so is not hashed.
  @inline(__always)
  var changesOnRetry: Bool {
    self == .requestsRemaining || self == .checksum || self == .checksum256 || self == .callback
  }

  /// Whether the parameter is an address of the client.
  @inline(__always)
  var isAddress: Bool { self == .address || self == .clientAddress }

  /// Whether the record keeps the parameter; an item's app and device stand in its head.
  @inline(__always)
  var isRecorded: Bool {
    switch self {
    case .appKey, .deviceID, .checksum, .checksum256, .callback, .safeAnswer,
      .redirected:
      false
    default: true
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Where `byte` is next, looking from `start`.
  @inline(__always)
  func firstOffset(of byte: UInt8, from start: Int) -> Int? {
    guard let baseAddress, start < count else { return nil }
    guard let found = memchr(baseAddress + start, Int32(byte), count - start) else { return nil }
    return UnsafeRawPointer(found) - baseAddress
  }

  @inline(__always)
  func isEqual(to other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    for index in 0..<count where self[index] != other[index] { return false }
    return true
  }

  func isEqual(to text: StaticString) -> Bool {
    isEqual(to: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
