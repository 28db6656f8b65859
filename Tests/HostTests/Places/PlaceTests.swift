import Foundation
import Harness
import Logging
import Testing

@testable import Host

@Suite struct PlaceTests {
  /// A folder with a file of places, removed at the end.
  private final class Fixture {
    let folder: String
    var path: String { folder + "/places.mmdb" }

    init(_ places: [PlaceFile.Place?] = Fixture.places) throws {
      folder = try Files.temporaryFolder()
      try PlaceFile(places.compactMap { $0 }).put(at: path)
    }

    deinit { Files.remove(folder) }

    static let places = [
      PlaceFile.Place("203.0.113.0/24", country: "DE", city: "Berlin"),
      PlaceFile.Place("203.0.113.128/25", country: "TR", city: "İstanbul"),
      PlaceFile.Place("198.51.100.0/24", country: "FR"),
      PlaceFile.Place("2001:db8:7::/48", country: "US", city: "Moab"),
      PlaceFile.Place("192.0.2.0/25", country: "Nowhere", city: String(repeating: "ö", count: 60)),
    ]

    func book() throws -> PlaceBook {
      let book = PlaceBook()
      book.replace(try PlaceDatabase(copying: path, in: folder))
      return book
    }
  }

  private func find(_ address: String, _ finder: PlaceFinder) throws -> [String] {
    let place = finder.find(try #require(ClientAddress(address)))
    return [place?.country, place?.city].compactMap { $0.map(IntakeBench.text) }
  }

  @Test("Addresses of both kinds have the place that the file says")
  func finds() throws {
    let fixture = try Fixture()
    let book = try fixture.book()
    let finder = PlaceFinder(book)
    for _ in 0..<2 {
      #expect(try find("203.0.113.7", finder) == ["DE", "Berlin"])
      #expect(try find("203.0.113.200", finder) == ["TR", "İstanbul"])
      #expect(try find("198.51.100.1", finder) == ["FR", ""])
      #expect(try find("2001:db8:7::9", finder) == ["US", "Moab"])
      #expect(try find("2001:db8:8::9", finder) == ["", ""])
      #expect(try find("10.0.0.1", finder) == ["", ""])
    }
    // What is remembered is not looked up again.
    #expect(book.found.count == 4 && book.unknown.count == 2)
  }

  @Test("A country is two letters, and a city's name is cut between two characters")
  func bounds() throws {
    let fixture = try Fixture()
    let place = try find("192.0.2.1", PlaceFinder(try fixture.book()))
    #expect(place == ["", String(repeating: "ö", count: PlaceFinder.cityBytesMax / 2)])
  }

  @Test("More addresses than are remembered are all found")
  func many() throws {
    let fixture = try Fixture()
    let finder = PlaceFinder(try fixture.book())
    for round in 0..<2 {
      for number in 0..<(2 * PlaceFinder.slotsMax) {
        let address = ClientAddress(high: 0x2001_0db8_0007_0000, low: UInt64(number))
        let city = finder.find(address).map { IntakeBench.text($0.city) }
        if city != "Moab" { Issue.record("round \(round), \(address.text): \(city ?? "nothing")") }
      }
    }
  }

  @Test("A file that is none is refused with its name, the cause and a remedy")
  func refused() throws {
    let fixture = try Fixture()
    let whole = try Files.bytes(fixture.path)
    let missing = fixture.folder + "/missing.mmdb"
    #expect(
      refusal(missing, fixture)
        == "\(missing): No such file or directory; put the file there, readable for the server, or "
        + "take host.place_file out")
    for bytes in [[], Array("<html>".utf8), Array(whole.prefix(whole.count - 60))] {
      try Files.write(bytes, to: fixture.path)
      let reason = refusal(fixture.path, fixture)
      #expect(reason.hasPrefix("\(fixture.path): it is no database of places: "), "\(reason)")
      #expect(reason.hasSuffix("; put a MaxMind DB file (.mmdb) there that is complete"))
    }
    #expect(Files.list(fixture.folder) == ["places.mmdb"], "no copy stays behind")
  }

  private func refusal(_ path: String, _ fixture: Fixture) -> String {
    do {
      _ = try PlaceDatabase(copying: path, in: fixture.folder)
      return "taken"
    } catch { return error.description }
  }

  @Test("A file damaged in its records is no crash, whatever byte it is")
  func damaged() throws {
    let fixture = try Fixture()
    let whole = try Files.bytes(fixture.path)
    let addresses = ["203.0.113.7", "203.0.113.200", "2001:db8:7::9", "192.0.2.1"]
    for place in whole.indices {
      var bytes = whole
      bytes[place] ^= 0xFF
      try Files.write(bytes, to: fixture.path)
      guard let book = try? fixture.book() else { continue }
      let finder = PlaceFinder(book)
      for address in addresses { _ = try find(address, finder) }
    }
  }

  @Test("What is open does not change with its file")
  func copied() throws {
    let fixture = try Fixture()
    let book = try fixture.book()
    try Files.write("", to: fixture.path)
    #expect(try find("203.0.113.7", PlaceFinder(book)) == ["DE", "Berlin"])
  }

  @Test("A new file takes over, however it came, and a broken one changes nothing")
  func replaced() throws {
    let fixture = try Fixture()
    let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let keeper = try PlaceKeeper(path: fixture.path, folder: fixture.folder, log: log)
    keeper.start()
    defer { keeper.stop() }
    let finder = PlaceFinder(keeper.book)
    #expect(try find("203.0.113.7", finder) == ["DE", "Berlin"])
    try file("AT").put(at: fixture.path)
    try wait { try find("203.0.113.7", finder) == ["AT", ""] }
    try Files.write(file("CH").bytes, to: fixture.path)
    try wait { try find("203.0.113.7", finder) == ["CH", ""] }
    try Files.write("broken", to: fixture.path)
    try wait { keeper.book.refused.count == 1 }
    #expect(try find("203.0.113.7", finder) == ["CH", ""])
    Files.remove(fixture.path)
    try file("SE").put(at: fixture.path)
    try wait { try find("203.0.113.7", finder) == ["SE", ""] }
  }

  private func file(_ country: String) throws -> PlaceFile {
    PlaceFile([try #require(PlaceFile.Place("203.0.113.0/24", country: country))])
  }

  private func wait(until isDone: () throws -> Bool) throws {
    let deadline = Harness.Clock.now + Patience.seconds
    while Harness.Clock.now < deadline {
      if try isDone() { return }
      usleep(2_000)
    }
    Issue.record("it did not happen in time")
  }
}
