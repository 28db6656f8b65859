import Foundation
import Testing

@testable import Host

@Suite("Pictures in requests")
struct IntakePictureTests {
  /// A folder that is gone with the test, and a bench that keeps pictures there.
  private func bench() -> IntakeBench {
    var configuration = IntakeConfiguration()
    configuration.pictures = PictureFolder(
      data: NSTemporaryDirectory() + UUID().uuidString, pictureBytesMax: 64, bytesMax: 1_000,
      isSynced: false)
    return IntakeBench(configuration: configuration)
  }

  private func details(_ sent: String?, query: String = "") -> String? {
    let bench = bench()
    let fields = MultipartTests.ids + (sent.map { [("user_details", $0)] } ?? [])
    let body = MultipartTests.body(fields, file: "GIF89a")
    return bench.multipart(body, target: "/i\(query)").items.first?.parameters["user_details"]
  }

  private static let name = PictureFolder.name(appID: IntakeBench.hexID, device: "device-42")
  private static let member = "\"picture\":\"/o/app_users/picture/\(name)\""

  @Test("The address of a picture stands behind what the client said")
  func address() {
    #expect(details(nil) == "{\(Self.member)}")
    #expect(details("") == "{\(Self.member)}")
    #expect(details("{}") == "{\(Self.member)}")
    #expect(details(" { } ") == "{\(Self.member)}")
    #expect(details("no object") == "{\(Self.member)}")
    #expect(details(#"{"name":"é+%41"}"#) == "{\"name\":\"é+%41\",\(Self.member)}")
    #expect(
      details(nil, query: "?user_details=%7B%22a%22%3A1%7D") == "{\"a\":1,\(Self.member)}")
  }

  @Test("A file of another kind, or too large, changes nothing and is counted")
  func unfit() throws {
    for file in ["<svg>", "GIF89a" + String(repeating: "x", count: 64)] {
      let bench = bench()
      let item = try #require(
        bench.multipart(MultipartTests.body(MultipartTests.ids, file: file)).items.first)
      #expect(item.parameters == [:])
      #expect(bench.intake.configuration.pictures?.counters.unfit.count == 1)
      #expect(bench.intake.wish.picture == nil && !bench.intake.hasWish)
    }
  }

  @Test("A refused request keeps no picture")
  func refused() {
    let bench = bench()
    _ = bench.multipart(
      MultipartTests.body([("app_key", "x"), ("device_id", "y")], file: "GIF89a"))
    #expect(!bench.intake.hasWish)
  }
}

extension PictureFolder {
  fileprivate static func name(appID: String, device: String) -> String {
    Array(device.utf8).withUnsafeBytes { name(appID: appID, device: $0) }
  }
}
