import Testing

@testable import Host

@Suite struct FirstRunTests {
  @Test("The text can be pasted: it sends and reads at an address this machine reaches")
  func text() {
    let run = FirstRun(
      appKey: "KEY", appID: "APP", apiKey: "SECRET", setup: "http://127.0.0.1:9000/setup?token=T",
      url: "http://127.0.0.1:9000")
    #expect(run.text.contains("\n  http://127.0.0.1:9000/setup?token=T\n"))
    #expect(run.text.contains("curl 'http://127.0.0.1:9000/i' -d app_key=KEY -d device_id="))
    #expect(
      run.text.contains(
        "curl 'http://127.0.0.1:9000/o?method=events&event=hello&period=hour"
          + "&app_id=APP&api_key=SECRET'"))
    #expect(
      run.text.contains("Countly.init({ app_key: \"KEY\", url: \"http://127.0.0.1:9000\" });"))
  }
}
