import Testing

@testable import Host

@Suite("Metrics")
struct MetricsTests {
  @Test("Counts, refusals and what others add are rendered as Prometheus text")
  func render() {
    let metrics = Metrics()
    metrics.requestsAccepted.add(3)
    metrics.refuse(.unknownApp)
    metrics.refuseItem(.missingIDs)
    metrics.gauge("tally_depth", help: "Depth", labels: "of=\"a\"") { 7 }
    metrics.gauge("tally_depth", help: "Depth", labels: "of=\"b\"") { 8 }
    let lines = metrics.render().split(separator: "\n")
    #expect(lines.contains("tally_requests_accepted_total 3"))
    #expect(lines.contains(#"tally_requests_refused_total{reason="unknown_app"} 1"#))
    #expect(lines.contains(#"tally_requests_refused_total{reason="journal_full"} 0"#))
    #expect(lines.contains(#"tally_items_refused_total{reason="missing_ids"} 1"#))
    #expect(lines.contains(#"tally_depth{of="a"} 7"#))
    #expect(lines.contains(#"tally_depth{of="b"} 8"#))
    #expect(lines.filter { $0 == "# TYPE tally_depth gauge" }.count == 1)
    #expect(lines.filter { $0 == "# TYPE tally_requests_refused_total counter" }.count == 1)
  }
}
