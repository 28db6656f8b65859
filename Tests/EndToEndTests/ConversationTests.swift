import Foundation
import Harness
import Testing

extension EndToEnd {
  /// RECORD=1 writes the answers of the server into the files; review the difference.
  @Suite(.serialized) struct ConversationTests {
    private static let isRecording = Environment["RECORD"] != nil
    /// What real SDKs sent.
    private static let traffic = Conversation.all.filter { $0.name.hasPrefix("traffic/") }

    @Test("Every conversation goes as written", arguments: Conversation.all)
    func conversation(_ conversation: Conversation) throws {
      try hold(conversation)
    }

    @Test(
      "What SDKs send again, since an answer was lost, is answered the same and counts once",
      .enabled(if: !isRecording), arguments: traffic)
    func again(_ conversation: Conversation) throws {
      var conversation = conversation
      for index in conversation.steps.indices {
        let requests = conversation.steps[index].requests
        guard requests.allSatisfy({ $0.target.hasPrefix("/i") }) else { continue }
        conversation.steps[index].requests += requests
      }
      try hold(conversation)
    }

    @Test(
      "What SDKs send is answered the same and counts the same, however it is sent",
      .enabled(if: !isRecording), arguments: traffic, RequestEncoding.allCases)
    func otherwise(_ conversation: Conversation, as encoding: RequestEncoding) throws {
      try hold(conversation, as: encoding)
    }

    private func hold(_ conversation: Conversation, as encoding: RequestEncoding? = nil) throws {
      var conversation = conversation
      let server = try TallyServer(
        zone: Substitutions.zone, config: conversation.config ?? TallyServer.everything)
      if !conversation.places.isEmpty {
        try PlaceFile(conversation.places).put(at: server.folder + "/places.mmdb")
      }
      var substitutions = Substitutions(keys: server.keys, now: Clock.unixMilliseconds)
      try server.start()
      for index in conversation.steps.indices {
        try hold(&conversation.steps[index], server, &substitutions, encoding)
      }
      if Self.isRecording { try Files.write(conversation.text, to: conversation.path) }
      #expect(server.terminate() == .code(0), "\(server.log.suffix(2_000))")
    }

    private func hold(
      _ step: inout Conversation.Step, _ server: TallyServer,
      _ substitutions: inout Substitutions, _ encoding: RequestEncoding?
    ) throws {
      let connection = server.connect()
      for (index, request) in step.requests.enumerated() {
        let reply = try send(request, connection, substitutions, encoding)
        let shown = request.lines.map { String($0.prefix(200)) }.joined(separator: "\n")
        for (name, value) in headers(reply) {
          #expect(reply.headers[name] == value, "\(shown)\n\(name)")
        }
        if index < step.requests.count - 1 {
          #expect(reply.status == 200, "\(shown)\nanswered \(reply.status) \(reply.text)")
        } else {
          let complaint =
            try difference(reply, try substitutions.text(step.answer))
            ?? headersMissing(reply, try step.answerHeaders.map(substitutions.text))
          if Self.isRecording, complaint != nil {
            step.answer = recorded(reply, substitutions)
          } else {
            #expect(complaint == nil, "\(shown)\n\(complaint ?? "")")
          }
          try substitutions.keep(step.kept, of: reply)
        }
      }
    }

    /// The headers of an answer that are not as they are told; nil when all are.
    private func headersMissing(_ reply: HTTPReply, _ headers: [String]) -> String? {
      let missing = headers.filter { header in
        let parts = header.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, let value = reply.headers[parts[0].lowercased()] else {
          return true
        }
        let need = parts[1].drop { $0 == " " }
        return need != "{any}" && need != value
      }
      return missing.isEmpty ? nil : "need \(missing)\nhave \(reply.headers)"
    }

    /// What every answer says of itself, refusals too: browsers read it, and SDKs in them.
    private func headers(_ reply: HTTPReply) -> [(name: String, value: String)] {
      var headers = [("access-control-allow-origin", "*")]
      if let first = reply.body.first, "{[".utf8.contains(first) {
        headers.append(("content-type", "application/json; charset=utf-8"))
      }
      return headers
    }

    private func send(
      _ request: Conversation.Request, _ connection: HTTPConnection, _ substitutions: Substitutions,
      _ encoding: RequestEncoding?
    ) throws -> HTTPReply {
      var headers = try request.headers.map(substitutions.text)
      let body = try request.body.map { try substitutions.bytes($0) }
      if body != nil, !headers.contains(where: { $0.lowercased().hasPrefix("content-type:") }) {
        headers.append("Content-Type: application/x-www-form-urlencoded")
      }
      let written = RequestEncoding.Sent(
        method: request.method, target: Self.escaped(try substitutions.bytes(request.target)),
        headers: headers, body: body)
      let sent = encoding?.encode(written) ?? written
      return try connection.send(sent.method, sent.target, headers: sent.headers, body: sent.body)
    }

    /// What may not stand in a request line is percent-encoded; the rest goes as written.
    private static func escaped(_ bytes: [UInt8]) -> String {
      var out = ""
      for byte in bytes {
        if byte > 0x20, byte < 0x7F, !"\"<>\\^`{|}".utf8.contains(byte) {
          out.unicodeScalars.append(UnicodeScalar(byte))
        } else {
          out += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }
      }
      return out
    }

    private func recorded(_ reply: HTTPReply, _ substitutions: Substitutions) -> String {
      guard let body = try? JSON(reply.text) else { return "\(reply.status) \(reply.text)" }
      return "\(reply.status) " + substitutions.recorded(body)
    }

    /// Nil when the reply is what the conversation tells.
    private func difference(_ reply: HTTPReply, _ answer: String) throws -> String? {
      let parts = answer.split(separator: " ", maxSplits: 1)
      let have = "have \(reply.status) \(reply.text)\nneed \(answer)"
      guard let first = parts.first, Int(first) == reply.status else { return have }
      let body = parts.count > 1 ? String(parts[1]) : ""
      if body == "{any}" || body == reply.text { return nil }
      guard let need = try? JSON(body), let got = try? JSON(reply.text) else { return have }
      if need.matches(got) { return nil }
      return JSON.differences(have: got, need: need).joined(separator: "\n") + "\n" + have
    }
  }
}

extension JSON {
  /// Equality in which the string "{any}" equals every string, and "{number}" every number.
  func matches(_ other: JSON) -> Bool {
    switch (self, other) {
    case (.string("{any}"), .string), (.string("{number}"), .number): true
    case (.array(let a), .array(let b)):
      a.count == b.count && zip(a, b).allSatisfy { $0.matches($1) }
    case (.object(let a), .object(let b)):
      Set(a.keys) == Set(b.keys)
        && a.allSatisfy { key, value in b[key].map(value.matches) ?? false }
    default: self == other
    }
  }
}
