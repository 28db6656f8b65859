import Foundation
import PluginTestKit
import Testing

@testable import Host

struct PluginScriptTests {
  @Test("A script is read: settings, clock, requests, bodies and answers")
  func parsing() throws {
    let script = try PluginScript(
      path: "x.txt",
      text: """
        # For people.
        setting event "find"
        timezone Europe/Berlin
        at 2026-01-15 12:00
        POST /i
          > a=1
          > b=2
        after 90s
        restart
        GET /o?method=x
        ----
        200 {
          "a": 1
        }

        GET /i?a=b
        """)
    #expect(script.settings == ["event": "find"])
    #expect(script.timezone == "Europe/Berlin")
    #expect(script.steps.count == 6)
    guard case .request(let post) = script.steps[1], case .request(let question) = script.steps[4],
      case .after(let moved) = script.steps[2], case .request(let last) = script.steps[5]
    else {
      Issue.record("the steps are of another kind: \(script.steps)")
      return
    }
    #expect(post.method == "POST" && post.body == "a=1\nb=2" && post.answer == nil)
    #expect(moved == 90_000)
    #expect(question.line == 10 && question.answer == "200 {\n  \"a\": 1\n}")
    #expect(last.target == "/i?a=b" && last.answer == nil)
  }

  @Test(
    "What a script cannot mean is refused with its line",
    arguments: [
      ("jump", "x.txt:1: \"jump\" means nothing"),
      ("after soon", "x.txt:1: \"soon\" is no duration"),
      ("----", "x.txt:1: this line belongs below a request"),
      ("#\nsetting a", "x.txt:2: write: setting NAME VALUE"),
    ])
  func refusals(text: String, start: String) throws {
    let error = #expect(throws: CommandError.self) { try PluginScript(path: "x.txt", text: text) }
    #expect(error?.description.hasPrefix(start) == true, "\(error?.description ?? "")")
  }

  @Test("Moments and ids are filled in, other braces stay")
  func filling() {
    let text = #"{ms} {s} {ms-2d} {s+90s} {app_id} {app_key} {"a":{}} {x"#
    #expect(
      PluginScript.filled(text, nowMs: 1_000_000_000_000, appID: "A", appKey: "K")
        == #"1000000000000 1000000000 999827200000 1000000090 A K {"a":{}} {x"#)
  }

  @Test("Differences between answers name the place")
  func differences() throws {
    let need = try #require(JSONValue(#"{"a":[1,{"b":"{any}"}],"c":true,"d":null}"#))
    let same = try #require(JSONValue(#"{"d":null,"c":true,"a":[1.0,{"b":"x"}]}"#))
    #expect(JSONValue.differences(need: need, have: same) == [])
    let other = try #require(JSONValue(#"{"a":[2,{"b":7}],"c":1,"e":0}"#))
    #expect(
      JSONValue.differences(need: need, have: other) == [
        "a[0]: need 1, have 2", "a[1].b: need \"{any}\", have 7", "c: need true, have 1",
        "d: missing", "e: not expected",
      ])
    #expect(JSONValue("{") == nil)
  }

  @Test("A plugin that counts right passes in every manner, a wrong expectation fails in each")
  func running() throws {
    let folder = try TestFolder()
    let library = try CompiledFixture.library("taps", in: folder)
    let requests = """
      GET /i?device_id=a&taps=buy
      after 1m
      GET /i?device_id=b&taps=buy
      GET /o?method=taps&period=day
      ----
      200 {"2026":{"buy":{"t":N},"1":{"buy":{"t":N},"15":{"buy":{"t":N}}}},"meta":{"buttons":["buy"]}}
      """
    for manner in PluginScript.Manner.allCases {
      let right = try PluginScript(path: "x.txt", text: requests.replacing("N", with: "2"))
      #expect(try right.run(library: library, manner) == [])
      let wrong = try PluginScript(path: "x.txt", text: requests.replacing("N", with: "3"))
      let complaints = try wrong.run(library: library, manner)
      #expect(complaints.count == 1)
      #expect(
        complaints.first?.hasPrefix("x.txt:4: \(manner.rawValue): 2026.1.15.buy.t: need 3") == true)
    }
  }

  @Test("Hooks before the counting run as in the server: refusals, notes, drops and edits")
  func everyHook() throws {
    let folder = try TestFolder()
    let library = try CompiledFixture.library("edits", in: folder)
    let script = try PluginScript(
      path: "x.txt",
      text: """
        GET /i?device_id=a&ban=1
        ----
        403 {"result":"go away"}

        GET /i?device_id=a&junk=1
        GET /i?device_id=b&x=1
        GET /i?device_id=c&colour=red
        GET /o?method=edits&period=day
        ----
        200 {"2026":{"blue":{"t":2},"open":{"t":2},"1":{"blue":{"t":2},"open":{"t":2},"15":{"blue":{"t":2},"open":{"t":2}}}}}
        """)
    for manner in PluginScript.Manner.allCases {
      #expect(try script.run(library: library, manner) == [])
    }
  }

  @Test("Recording writes the answers that are given and touches nothing else")
  func recording() throws {
    let folder = try TestFolder()
    let library = try CompiledFixture.library("taps", in: folder)
    let text = """
      # Two questions.
      GET /o?method=taps
      ----
      200 {"old":
        1}

      GET /i?device_id=a&taps=x
      GET /o?method=none
      ----
      200 {}

      """
    let script = try PluginScript(path: "x.txt", text: text)
    let recorded = try script.recorded(library: library, text: text)
    #expect(
      recorded == """
        # Two questions.
        GET /o?method=taps
        ----
        200 {}

        GET /i?device_id=a&taps=x
        GET /o?method=none
        ----
        400 {"result":"Invalid method"}

        """)
  }
}
