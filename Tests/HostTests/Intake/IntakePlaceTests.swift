import Harness
import Store
import Testing

@testable import Host

@Suite struct IntakePlaceTests {
  private static let ids = IntakeTests.ids

  private func book() throws -> PlaceBook {
    let folder = try Files.temporaryFolder()
    defer { Files.remove(folder) }
    let places = [
      PlaceFile.Place("203.0.113.0/24", country: "DE", city: "Berlin"),
      PlaceFile.Place("198.51.100.0/24", country: "FR", city: "Paris"),
      PlaceFile.Place("198.51.100.99/32", country: "IT", city: "Rome"),
    ]
    try PlaceFile(places.compactMap { $0 }).put(at: folder + "/places.mmdb")
    let book = PlaceBook()
    book.replace(try PlaceDatabase(copying: folder + "/places.mmdb", in: folder))
    return book
  }

  private func bench(
    _ mode: AddressMode = .keep, proxies: String = "none", peer: String? = "203.0.113.7"
  ) throws -> IntakeBench {
    var configuration = IntakeConfiguration()
    configuration.proxies = try #require(TrustedProxies(proxies))
    let bench = IntakeBench(
      [IntakeBench.app(addresses: mode)], configuration: configuration, places: try book())
    bench.intake.origin.peer = peer.flatMap { ClientAddress($0) }
    return bench
  }

  private func place(_ admission: Admission) -> [[String]] {
    admission.items.map { [$0.country, $0.city] }
  }

  @Test("A record says where the connection comes from, and else is as it was")
  func connection() throws {
    let item = try #require(bench().get("\(Self.ids)&a=1").items.first)
    #expect([item.country, item.city] == ["DE", "Berlin"])
    #expect(item.device == "device-42")
    #expect(item.parameters == ["a": "1"])
    #expect(place(try bench(peer: "10.0.0.1").get(Self.ids)) == [["", ""]])
    #expect(place(try bench(peer: nil).get(Self.ids)) == [["", ""]])
  }

  @Test(
    "The parameter `ip_address` wins, however it is written; what is no address does not",
    arguments: [
      ("198.51.100.1", "FR"), ("198.51.100.1%3A80", "FR"), ("%31%39%38.51.100.1", "FR"),
      ("10.0.0.1", ""), ("", "DE"), ("home", "DE"),
      (String(repeating: "1", count: 4_000), "DE"),
    ])
  func parameter(_ text: String, _ country: String) throws {
    let admission = try bench().get("\(Self.ids)&ip_address=\(text)")
    #expect(place(admission).map { $0[0] } == [country])
  }

  @Test("Each item of a bulk request has a place of its own")
  func bulk() throws {
    let items = #"""
      [{"device_id":"a","ip_address":"198.51.100.1"},{"device_id":"b","n":{"x":1}},
      {"device_id":"c","ip_address":"198.51.100.\u0039\u0039"},{"device_id":"d","ip_address":7}]
      """#
    let admission = try bench().bulk(items)
    #expect(place(admission).map { $0[0] } == ["FR", "DE", "IT", "DE"])
    #expect(admission.items[1].object == #"{"device_id":"b","n":{"x":1}}"#)
  }

  @Test("Shortened, an address finds the place of its network; dropped, it finds none")
  func modes() throws {
    let query = "\(Self.ids)&ip_address=198.51.100.99"
    #expect(place(try bench().get(query)) == [["IT", "Rome"]])
    #expect(place(try bench(.truncate).get(query)) == [["FR", "Paris"]])
    #expect(place(try bench(.truncate).get(Self.ids)) == [["DE", "Berlin"]])
    #expect(place(try bench(.drop).get(query)) == [["", ""]])
    #expect(place(try bench(.drop).get(Self.ids)) == [["", ""]])
  }

  @Test("The header of a proxy that is trusted tells the client, nobody else's does")
  func forwarded() throws {
    for (proxies, country) in [("none", "DE"), ("203.0.113.0/24", "FR")] {
      let bench = try bench(proxies: proxies)
      bench.intake.origin.forwarded = "203.0.113.9, 198.51.100.1"
      #expect(place(bench.get(Self.ids)).map { $0[0] } == [country], "\(proxies)")
    }
  }

  @Test("Every app has its own rule")
  func apps() throws {
    let apps = [AddressMode.keep, .drop].enumerated().map { place, mode in
      AppView(
        number: UInt32(place + 1), hexID: "5f000000000000000000000\(place)",
        keys: [AppKey(key: "key\(place)")], addresses: mode)
    }
    let bench = IntakeBench(apps, places: try book())
    bench.intake.origin.peer = ClientAddress("203.0.113.7")
    let items = bench.bulk(
      #"[{"app_key":"key0","device_id":"a","ip":"1.2.3.4"},{"app_key":"key1","device_id":"a","ip":"1.2.3.4"}]"#
    ).items
    #expect(items.map(\.country) == ["DE", ""])
    #expect(items.map { $0.object != nil } == [true, false])
    #expect(items.last?.parameters == [:])
  }
}
