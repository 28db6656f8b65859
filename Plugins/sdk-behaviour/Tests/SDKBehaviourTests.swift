import PluginKit
import PluginTestKit
import Testing

@testable import SDKBehaviour

struct SDKBehaviourTests {
  private static let ask = ["method": "sc"]
  private static let noon = TestItem.noon

  private func plugin(_ settings: [String: String] = [:]) -> TestPlugin {
    TestPlugin(name: "sdk-behaviour", settings: settings) { tallyPluginSDKBehaviour() }
  }

  private func answer(_ settings: [String: String]) throws -> String {
    try TestHost(plugin(settings)).ask(Self.ask, path: "/o/sdk").body
  }

  @Test("SDKs keep their own values where nobody wrote another")
  func defaults() throws {
    let empty = #"{"v":2,"t":\#(Self.noon),"c":{}}"#
    #expect(try answer([:]) == empty)
    #expect(try answer(["rqs": "1000", "tracking": "true"]) == empty)
  }

  @Test("What differs is sent, in its own type")
  func changed() throws {
    let have = try answer([
      "tracking": "false", "rqs": "500", "bom_rqp": "75", "eb": #"["spam","a\"b"]"#,
      "esw": #"{"buy":["market"]}"#,
    ])
    let need =
      #"{"tracking":false,"rqs":500,"bom_rqp":0.75,"eb":["spam","a\"b"],"esw":{"buy":["market"]}}"#
    #expect(have == #"{"v":2,"t":\#(Self.noon),"c":\#(need)}"#)
  }

  @Test("Enforced keys are sent even with their default")
  func enforced() throws {
    let have = try answer(["enforced": "st, dort,eb,esb,bom_rqp"])
    let need = #"{"st":true,"dort":0,"bom_rqp":0.5,"eb":[],"esb":{}}"#
    #expect(have == #"{"v":2,"t":\#(Self.noon),"c":\#(need)}"#)
    let all = try answer(["enforced": "all"])
    for key in BehaviourKey.all { #expect(all.contains("\"\(key.name)\":"), "\(key.name)") }
  }

  @Test(
    "A fraction is written as JavaScript would",
    arguments: [
      (0, "0"), (7, "0.07"), (10, "0.1"), (33, "0.33"), (100, "1"),
    ])
  func fractions(_ percent: Int, _ text: String) throws {
    #expect(try answer(["bom_rqp": "\(percent)"]).hasSuffix(#""c":{"bom_rqp":\#(text)}}"#))
  }

  @Test(
    "A list that is none is refused with what it needs",
    arguments: [
      ("eb", "spam"), ("eb", #"["a""#), ("eb", #"["a",]"#), ("eb", "[1]"), ("eb", #"["\x"]"#),
      ("eb", #"["a"]]"#), ("esb", #"["a"]"#), ("esb", #"{"a":"b"}"#), ("esw", #"{"a":["b"]"#),
      ("eb", "[\"\u{1}\"]"), ("enforced", "rqs,nothing"), ("jte", #"["\u12"]"#),
    ])
  func refused(_ name: String, _ text: String) {
    let error = #expect(throws: (any Error).self) { try TestHost(plugin([name: text])) }
    #expect(error.map { "\($0)".contains(name) } == true, "\(String(describing: error))")
  }

  @Test(
    "A list in any form of JSON is taken as it is",
    arguments: [
      "[]", " [ ] ", #"["a" , "b"]"#, #"["\u00e4\n"]"#, #"["ä"]"#,
    ])
  func lists(_ text: String) throws {
    #expect(try answer(["upb": text]).hasSuffix(#""c":{"upb":\#(text)}}"#))
  }
}
