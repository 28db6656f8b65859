import Foundation
import Harness
import Testing

extension EndToEnd {
  /// Icons of apps: sent with a form, served to everybody, gone with their app.
  @Suite(.serialized) struct AppImageTests {
    /// 16 times 16 pixels.
    private static let picture = [UInt8](
      Data(
        base64Encoded: """
          R0lGODlhEAAQAPEAAAAA/8geKAD/AAAAACH5BAEAAAIALAAAAAAQABAAQAIjlG+hq4gAI3SHMWqkxMIu7jWYFnHkhIUB\
          GLKea5mnTNKaLRUAOw==
          """) ?? Data())

    private func order(
      _ server: TallyServer, _ path: String, _ args: String, _ file: [UInt8], app: String? = nil
    ) throws -> HTTPReply {
      var fields = [("api_key", server.keys.apiKey), ("args", args)]
      if let app { fields.append(("app_id", app)) }
      var body = fields.map { name, value in
        "--b7\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
      }.joined().utf8.map { $0 }
      body += Array(
        "--b7\r\nContent-Disposition: form-data; name=\"app_image\"; filename=\"a.gif\"\r\n".utf8)
      body += Array("Content-Type: image/gif\r\n\r\n".utf8) + file + Array("\r\n--b7--\r\n".utf8)
      return try server.connect(seconds: 20).send(
        "POST", path, headers: ["Content-Type: multipart/form-data; boundary=b7"], body: body)
    }

    private func icon(_ server: TallyServer, _ app: String) throws -> [UInt8] {
      let reply = try server.connect().get("/appimages/\(app).png")
      #expect(reply.status == 200 && reply.headers["content-type"] == "image/png")
      #expect(reply.headers["x-content-type-options"] == "nosniff")
      // PNG, and its head: 72 times 72.
      #expect(reply.body.prefix(24).suffix(8) == [0, 0, 0, 72, 0, 0, 0, 72])
      return reply.body
    }

    @Test("An app has the icon it was made with, until another comes or the app goes")
    func life() throws {
      let server = try TallyServer()
      try server.start()
      let standard = try icon(server, server.keys.appID)
      #expect(try icon(server, "nobody") == standard)
      let made = try JSON(
        try order(server, "/i/apps/create", #"{"name":"Shop"}"#, Self.picture).text)
      let app = try #require(made["_id"]?.string)
      #expect(made["has_image"] == .bool(true))
      let first = try icon(server, app)
      #expect(first != standard)
      server.kill()
      try server.start()
      #expect(try icon(server, app) == first)
      // The other app, by who administers it; nothing else is changed.
      let own = server.keys.appID
      let changed = try JSON(
        try order(server, "/i/apps/update", #"{"app_id":"\#(own)"}"#, Self.picture, app: own).text)
      #expect(changed["has_image"] == .bool(true) && changed["name"] == nil)
      #expect(try icon(server, own) == first)
      let reset = #"{"app_id":"\#(app)","period":"reset"}"#
      #expect(try server.connect(seconds: 20).get(order("reset", reset, server)).status == 200)
      #expect(try icon(server, app) == first)
      let gone = try server.connect(seconds: 20).get(
        order("delete", #"{"app_id":"\#(app)"}"#, server))
      #expect(gone.status == 200)
      #expect(try icon(server, app) == standard)
      #expect(server.terminate() == .code(0))
    }

    private func order(_ name: String, _ args: String, _ server: TallyServer) -> String {
      let escaped = args.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
      return "/i/apps/\(name)?api_key=\(server.keys.apiKey)&args=\(escaped)"
    }

    @Test("What is no picture, or would take too much memory, is refused, and no app is made")
    func refused() throws {
      let server = try TallyServer()
      try server.start()
      var bomb = Self.picture
      bomb.replaceSubrange(6..<10, with: [0xFF, 0xFF, 0xFF, 0xFF])
      for (file, reason) in [
        (Array("<svg/>".utf8), "the file is no PNG, JPEG or GIF"),
        (bomb, "the picture has 65535 times 65535 pixels; send one of 1 to 4194304"),
        (Array(Self.picture.prefix(60)), "the picture cannot be read to its end"),
      ] {
        let reply = try order(server, "/i/apps/create", #"{"name":"Shop"}"#, file)
        #expect(reply.status == 400)
        #expect(reply.text == #"{"result":"Error: app_image: \#(reason)"}"#)
      }
      let large = [UInt8](repeating: 0, count: 5 << 20)
      #expect(try order(server, "/i/apps/create", #"{"name":"Shop"}"#, large).status == 413)
      // An empty field says nothing.
      let made = try JSON(try order(server, "/i/apps/create", #"{"name":"Shop"}"#, []).text)
      #expect(made["has_image"] == nil && made["name"]?.string == "Shop")
      let apps = try JSON(
        try server.connect().get("/o/apps/all?api_key=\(server.keys.apiKey)").text)
      #expect(apps["admin_of"]?.object?.count == 2)
      #expect(server.terminate() == .code(0))
    }
  }
}
