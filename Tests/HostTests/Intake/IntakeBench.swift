import Store

@testable import Host

/// An item of an entry as plain values, so that tests can compare it.
struct ReadItem: Equatable {
  var app: UInt32
  var hash: UInt64
  var partition: UInt8
  var device: String
  var parameters: [String: String] = [:]
  /// The names of the parameters as they stand, which a text would repair.
  var names: [[UInt8]] = []
  var json: Set<String> = []
  var object: String?
  var country = ""
  var city = ""
}

/// What intake made of a request.
enum Admission: Equatable {
  case accepted([ReadItem])
  case refused(Refusal)

  var items: [ReadItem] {
    if case .accepted(let items) = self { items } else { [] }
  }
}

/// Intake with a few apps, fed with text.
final class IntakeBench {
  static let key = "0f1e2d3c4b5a"
  static let hexID = "5f0000000000000000000001"
  let metrics = Metrics()
  let intake: Intake

  init(
    _ apps: [AppView] = [IntakeBench.app()], configuration: IntakeConfiguration = .init(),
    places: PlaceBook? = nil
  ) {
    var configuration = configuration
    configuration.places = places
    intake = Intake(
      directory: AppDirectory(apps), configuration: configuration, metrics: metrics)
  }

  static func app(
    number: UInt32 = 1, key: String = IntakeBench.key, salt: String? = nil, paused: Bool = false,
    locked: Bool = false, addresses: AddressMode = .keep
  ) -> AppView {
    AppView(
      number: number, hexID: hexID, keys: [AppKey(key: key)], salt: salt, isPaused: paused,
      isLocked: locked, addresses: addresses)
  }

  func get(_ query: String) -> Admission {
    admit(Array("/i?\(query)".utf8), body: nil)
  }

  func post(_ body: String, target: String = "/i", json: Bool = false) -> Admission {
    admit(Array(target.utf8), body: Array(body.utf8), json: json)
  }

  func bulk(_ requests: String, outer: String = "app_key=\(IntakeBench.key)&") -> Admission {
    admit(Array("/i/bulk".utf8), body: Array("\(outer)requests=\(requests)".utf8), bulk: true)
  }

  func multipart(
    _ body: String, target: String = "/i", bulk: Bool = false
  ) -> Admission {
    admit(Array(target.utf8), body: Array(body.utf8), .multipart, bulk: bulk)
  }

  func admit(
    _ target: [UInt8], body: [UInt8]?, json: Bool = false, bulk: Bool = false
  ) -> Admission {
    admit(target, body: body, json ? .json : .form, bulk: bulk)
  }

  func admit(
    _ target: [UInt8], body: [UInt8]?, _ format: IntakeRequest.BodyFormat, bulk: Bool = false
  ) -> Admission {
    target.withUnsafeBytes { target in
      guard let body else { return admit(target, nil, format, bulk) }
      return body.withUnsafeBytes { admit(target, $0, format, bulk) }
    }
  }

  private func admit(
    _ target: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer?,
    _ format: IntakeRequest.BodyFormat, _ bulk: Bool
  ) -> Admission {
    let request = IntakeRequest(
      route: bulk ? .bulk : .single, target: target, body: body, format: format,
      receivedMs: 1_717_243_200_999)
    intake.removeEntries()
    do {
      try intake.admit(request)
      return .accepted(intake.entryItems == 0 ? [] : Self.read(intake.entries))
    } catch {
      return .refused(error.refusal)
    }
  }

  /// Reads an entry with the cursor the pipeline uses; a damaged one reads as nothing.
  static func read(_ entry: UnsafeRawBufferPointer) -> [ReadItem] {
    guard var cursor = RequestRecord.ItemCursor(entry) else { return [] }
    var items: [ReadItem] = []
    while let item = cursor.next() {
      var read = ReadItem(
        app: item.app, hash: item.hash, partition: item.partition, device: text(item.device))
      var parameters = item.parameters
      while let parameter = parameters.next() {
        read.parameters[text(parameter.key)] = text(parameter.value)
        read.names.append(Array(parameter.key))
        if parameter.isJSON { read.json.insert(text(parameter.key)) }
      }
      read.object = item.object.map(text)
      (read.country, read.city) = (text(item.country), text(item.city))
      if parameters.isDamaged { return [] }
      items.append(read)
    }
    return cursor.isDamaged ? [] : items
  }

  static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes, as: UTF8.self)
  }
}
