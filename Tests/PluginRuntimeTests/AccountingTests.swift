import Testing

@testable import PluginRuntime

@Suite("Accounting")
struct AccountingTests {
  @Test("Every value lies in its bucket, and buckets are at most 3 % wide")
  func buckets() {
    var last = 0
    for power in 0..<40 {
      for value in [UInt64(1) << power, (UInt64(1) << power) + 1, (UInt64(3) << power) / 2] {
        let place = Histogram.place(of: value)
        let highest = Histogram.highest(in: place)
        #expect(highest >= value)
        #expect(Double(highest - value) <= Double(value) / 32)
        #expect(place == 0 || Histogram.highest(in: place - 1) < value)
        last = max(last, place)
      }
    }
    #expect(Histogram.place(of: .max) == Histogram.place(of: Histogram.valueMax))
    #expect(Histogram.place(of: .max) >= last)
  }

  @Test("Quantiles are at most 3 % above the value that is meant")
  func quantiles() {
    let histogram = Histogram()
    #expect(histogram.quantiles([0.5]) == [0])
    for value in 1...100_000 as ClosedRange<UInt64> { histogram.record(value * 10) }
    let found = histogram.quantiles([0.01, 0.5, 0.99, 1])
    for (share, value) in zip([0.01, 0.5, 0.99, 1], found) {
      let exact = share * 1_000_000
      #expect(Double(value) >= exact && Double(value) <= exact * 1.032, "\(share): \(value)")
    }
  }

  @Test("A meter counts calls, items, events, errors and time")
  func meter() {
    let meter = CallMeter()
    for place in 0..<10 {
      meter.recordAlone(
        since: CallMeter.now() - 1_000_000, items: 3, events: 7, failed: place == 4)
    }
    let reading = meter.reading
    #expect(
      (reading.calls, reading.items, reading.events, reading.errors) == (10, 30, 70, 1))
    #expect(reading.nanoseconds >= 10_000_000)
    #expect(reading.p50 >= 1_000_000 && reading.p99 >= reading.p50)
  }

  @Test("An account outlives its plugin's instances")
  func accounts() throws {
    let accounts = PluginAccounts()
    accounts.account("views").began()
    accounts.account("views").restarted()
    accounts.account("views").began()
    #expect(accounts.account("views").instances == 2)
    #expect(accounts.account("views").restarts == 1)
    #expect(accounts.account("crashes").instances == 0)
  }
}
