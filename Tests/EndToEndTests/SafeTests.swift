import Harness
import Testing

extension EndToEnd {
  @Suite(.serialized) struct SafeTests {
    @Test("What is answered behind its commit is read by a question that waits for nothing")
    func committed() throws {
      let server = try TallyServer()
      try server.start(environment: ["TALLY_READ_WAIT_MS": "0"])
      let now = Clock.unixMilliseconds - 60_000
      for device in 1...20 {
        let reply = try server.connect().get(
          "/i?app_key=\(server.keys.appKey)&device_id=d\(device)&timestamp=\(now)&begin_session=1"
            + "&safe_api_response=true")
        #expect(reply.text == #"{"result":"Success"}"#)
        let seen = try server.ask("method=user_details&did=d\(device)").text
        #expect(seen.contains("\"did\":\"d\(device)\""), "\(seen)")
      }
      #expect(server.terminate() == .code(0))
    }
  }
}
