import Foundation
import Harness
import Testing

extension EndToEnd {
  /// Pictures of users: sent as files, kept, shown to members, erased with their user.
  @Suite(.serialized) struct PictureTests {
    private static let png =
      [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
      + Array("PicturedFaceOfAda\r\n--\r\n".utf8) + [0, 0xFF]

    private func upload(
      _ server: TallyServer, _ device: String, _ file: [UInt8], field: String = "file",
      details: String? = nil
    ) throws -> HTTPReply {
      var fields = [("app_key", server.keys.appKey), ("device_id", device)]
      if let details { fields.append(("user_details", details)) }
      var body = fields.map { name, value in
        "--b7\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
      }.joined().utf8.map { $0 }
      body += Array(
        "--b7\r\nContent-Disposition: form-data; name=\"\(field)\"; filename=\"ada.png\"\r\n".utf8)
      body += Array("Content-Type: image/png\r\n\r\n".utf8) + file + Array("\r\n--b7--\r\n".utf8)
      return try server.connect().send(
        "POST", "/i", headers: ["Content-Type: multipart/form-data; boundary=b7"], body: body)
    }

    private func read(_ server: TallyServer, _ address: String) throws -> HTTPReply {
      try server.connect().get(
        "\(address)?api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)")
    }

    private func user(_ server: TallyServer, _ device: String) throws -> JSON {
      try JSON(try server.ask("method=user_details&did=\(device)").text)
    }

    private func address(_ server: TallyServer, _ device: String) throws -> String {
      try user(server, device)["picture"]?.string ?? ""
    }

    @Test("A picture is the user's, as it was sent, also after a kill, and a later one replaces it")
    func kept() throws {
      let server = try TallyServer()
      try server.start()
      let details = #"{"name":"Ada","picture":"https://example.org/old.png","custom":{"a":1}}"#
      #expect(try upload(server, "ada", Self.png, details: details).status == 200)
      server.kill()
      try server.start()
      let address = try address(server, "ada")
      #expect(address.hasPrefix("/o/app_users/picture/"))
      #expect(try user(server, "ada")["name"]?.string == "Ada")
      let picture = try read(server, address)
      #expect(picture.status == 200)
      #expect(picture.body == Self.png)
      #expect(picture.headers["content-type"] == "image/png")
      #expect(picture.headers["x-content-type-options"] == "nosniff")
      let gif = Array("GIF89a and more".utf8)
      #expect(
        try upload(server, "ada", gif, field: "user_details[picture]").text
          == #"{"result":"Success"}"#)
      #expect(try self.address(server, "ada") == address)
      let later = try read(server, address)
      #expect(later.body == gif)
      #expect(later.headers["content-type"] == "image/gif")
      #expect(try server.metric("tally_pictures_bytes") == Double(gif.count))
      #expect(server.terminate() == .code(0))
    }

    @Test("A picture is shown to members who may see its app, and to nobody else")
    func shown() throws {
      let server = try TallyServer()
      try server.start()
      _ = try upload(server, "ada", Self.png)
      let address = try address(server, "ada")
      #expect(try server.connect().get(address).status == 400)
      #expect(
        try server.connect().get("\(address)?api_key=x&app_id=\(server.keys.appID)").status == 401)
      let other = String(repeating: "0", count: 24)
      #expect(
        try server.connect().get("\(address)?api_key=\(server.keys.apiKey)&app_id=\(other)").status
          == 401)
      for name in ["../../tally.db", "..%2F..%2Ftally.db", String(repeating: "0", count: 40)] {
        #expect(try read(server, "/o/app_users/picture/\(name)").status == 404, "\(name)")
      }
      #expect(server.terminate() == .code(0))
    }

    @Test("What is no picture, or too large, is left out; the request is kept, and all is counted")
    func unfit() throws {
      let server = try TallyServer(
        config: """
          host:
            limits: { picture_bytes_max: 1024, pictures_bytes_max: 1500 }

          """)
      try server.start()
      let page = Array("<html><script>alert(1)</script>".utf8)
      let large = Self.png + [UInt8](repeating: 7, count: 1_024)
      for (device, file) in [("page", page), ("large", large)] {
        #expect(try upload(server, device, file, details: #"{"name":"N"}"#).status == 200)
        #expect(try user(server, device)["name"]?.string == "N")
        #expect(try address(server, device) == "")
      }
      #expect(try server.metric("tally_pictures_unfit_total") == 2)
      let full = Self.png + [UInt8](repeating: 7, count: 900)
      for device in ["first", "second"] { _ = try upload(server, device, full) }
      #expect(try address(server, "first") != "")
      #expect(try server.metric("tally_pictures_full_total") == 1)
      _ = try upload(server, "dump", Self.png, field: "binary_crash_dump")
      #expect(try server.metric("tally_files_ignored_total") == 1)
      #expect(server.terminate() == .code(0))
    }

    private func files(_ server: TallyServer) -> [String] {
      let all = FileManager.default.enumerator(atPath: server.dataPath + "/pictures")
      return (all?.compactMap { $0 as? String } ?? []).filter { $0.contains("/") }
    }

    private func erase(_ server: TallyServer, _ device: String) throws {
      let erased = try server.connect(seconds: 60).get(
        "/i/app_users/delete?api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)"
          + "&query=%7B%22did%22:%22\(device)%22%7D")
      #expect(erased.status == 200, "\(erased.text)")
    }

    @Test("Erasing a user that was two erases the pictures of both devices, and nobody else's")
    func merged() throws {
      let server = try TallyServer()
      try server.start()
      for device in ["phone", "tablet", "other"] { _ = try upload(server, device, Self.png) }
      let ids = "/i?app_key=\(server.keys.appKey)"
      #expect(
        try server.connect().get("\(ids)&device_id=tablet&old_device_id=phone").status == 200)
      // Whoever claims the picture of somebody else does not take it along.
      let other = try address(server, "other")
      let details = "user_details=%7B%22picture%22:%22\(other)%22%7D"
      #expect(try server.connect().get("\(ids)&device_id=tablet&\(details)").status == 200)
      #expect(files(server).count == 3)
      try erase(server, "tablet")
      #expect(files(server).count == 1)
      #expect(try read(server, other).status == 200)
      #expect(server.terminate() == .code(0))
    }

    @Test("Erasing a user erases the picture")
    func erased() throws {
      let server = try TallyServer()
      try server.start()
      _ = try upload(server, "ada", Self.png)
      _ = try upload(server, "bob", Self.png)
      let (ada, bob) = (try address(server, "ada"), try address(server, "bob"))
      #expect(ada != bob)
      let export = try server.connect(seconds: 60).get(
        "/i/app_users/export?api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)"
          + "&query=%7B%22did%22:%22ada%22%7D")
      #expect(export.status == 200, "\(export.text)")
      let name = try #require(try JSON(export.text)["result"]?.string)
      let exported = try Files.text(server.dataPath + "/exports/" + name)
      #expect(exported.contains(Data(Self.png).base64EncodedString()), "\(exported)")
      try erase(server, "ada")
      #expect(try read(server, ada).status == 404)
      #expect(try read(server, bob).status == 200)
      #expect(files(server).count == 1)
      #expect(try server.metric("tally_pictures_bytes") == Double(Self.png.count))
      #expect(server.terminate() == .code(0))
    }
  }
}
