import Foundation
import PluginRuntime
import PluginTestKit

extension PluginCheck {
  private static let threads = 8
  private static let roundsPerThread = 25

  /// Parameters that clients get wrong.
  private static let oddParameters: [[String: String]] = [
    [:], ["period": "day"], ["period": "30days"], ["period": "[1,2]"],
    ["period": "[9999999999999,1]"], ["period": "'"],
    ["period": String(repeating: "9", count: 5_000)],
    ["limit": "-1"], ["limit": "1e9"], ["limit": "x"], ["query": "{\"$where\":1}"],
    ["query": "{"], ["id": ""], ["id": "💥"], ["id": String(repeating: "a", count: 50_000)],
    ["skip": "9223372036854775808"], ["iDisplayLength": "0"], ["callback": "<script>"],
    ["event": "\u{0}"], ["segmentation": "[CLY]_other"],
  ]

  /// What the plugin answers.
  static let questionChecks: [PluginCheck] = [
    PluginCheck("question.empty", "every question is answered where nothing was counted") {
      try ask($0, try Rehearsal($0.plugin))
    },
    PluginCheck("question.odd", "every question is answered whatever its parameters") { subject in
      let rehearsal = try Rehearsal(subject.plugin)
      try feed(rehearsal, subject)
      return try ask(subject, rehearsal)
    },
    PluginCheck("question.parallel", "questions from \(threads) threads at once") { subject in
      let rehearsal = try Rehearsal(subject.plugin)
      try feed(rehearsal, subject)
      return try askInParallel(subject, rehearsal)
    },
  ]

  private static func feed(_ rehearsal: Rehearsal, _ subject: Subject) throws {
    var requests = EverydayRequests(
      names: try vocabulary(subject, rehearsal), seed: subject.seed)
    for _ in 0..<200 {
      let (target, laterMs) = requests.next()
      rehearsal.host.nowMs += laterMs
      rehearsal.send("/i?app_key=\(rehearsal.host.app.key)&\(target)")
    }
    try rehearsal.flush()
    try rehearsal.host.commit()
  }

  private static func ask(_ subject: Subject, _ rehearsal: Rehearsal) throws -> [Finding] {
    let routes = rehearsal.host.runtime.routes(of: subject.name)
    var found: [Finding] = [.note(routes.isEmpty ? "it answers none" : names(routes))]
    for route in routes {
      for parameters in oddParameters {
        subject.trace("\(title(route)) with \("\(parameters)".prefix(80))")
        if let finding = judge(route, parameters, rehearsal.host) { found.append(finding) }
      }
    }
    return found
  }

  private static func askInParallel(
    _ subject: Subject, _ rehearsal: Rehearsal
  ) throws -> [Finding] {
    let routes = rehearsal.host.runtime.routes(of: subject.name)
    guard !routes.isEmpty else { return [.note("it answers none")] }
    nonisolated(unsafe) let host = rehearsal.host
    let lock = NSLock()
    nonisolated(unsafe) var found: [Finding] = []
    subject.trace("questions from \(threads) threads")
    DispatchQueue.concurrentPerform(iterations: threads) { thread in
      for round in 0..<roundsPerThread {
        let route = routes[(thread + round) % routes.count]
        let parameters = oddParameters[(thread * 7 + round) % oddParameters.count]
        guard let finding = judge(route, parameters, host) else { continue }
        lock.withLock { if found.count < 3 { found.append(finding) } }
      }
    }
    return found
  }

  /// Nil when the answer is one.
  private static func judge(
    _ route: PluginRuntime.RegisteredRoute, _ parameters: [String: String], _ host: TestHost
  ) -> Finding? {
    let what = "\(title(route)) with \("\(parameters)".prefix(80))"
    // A place in braces takes any one segment.
    var asked = TestHost.Asked(
      parameters, path: route.path.replacing(/\{[^}]*\}/, with: parameters["id"] ?? "x1"))
    if !route.method.isEmpty { asked.parameters["method"] = route.method }
    do {
      let answer = try host.answer(asked)
      guard (200..<600).contains(answer.status) else {
        return .failure("\(what): status \(answer.status) is none")
      }
      guard JSONValue(answer.body) != nil else {
        return .failure("\(what): the answer is no JSON: \(answer.body.prefix(120))")
      }
      return answer.status >= 500
        ? .failure("\(what): \(answer.status) \(answer.body.prefix(120))") : nil
    } catch {
      return .failure("\(what): \(error); answer what is wrong with the question instead")
    }
  }

  private static func names(_ routes: [PluginRuntime.RegisteredRoute]) -> String {
    routes.map(title).joined(separator: ", ")
  }

  private static func title(_ route: PluginRuntime.RegisteredRoute) -> String {
    route.method.isEmpty ? route.path : "\(route.path)?method=\(route.method)"
  }
}
