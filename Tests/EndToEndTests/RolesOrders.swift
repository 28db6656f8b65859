import Harness

/// The fixture `roles` is told what to do to its process, and in which role.
extension IsolatedServer {
  /// What has to stand before it is told: users with cells, and a hook that remembers.
  func prepare(_ role: String, _ deed: String) throws {
    guard ["merge", "describe", "lifecycle"].contains(role) else { return }
    let how = JSON.quote("\(role)-\(deed)")
    try accept(
      ["culprit", "old"].enumerated().map { minute, device in
        .init(device: "\(device)-\(deed)", minute: minute, members: ["roles_how": how])
      })
    try server.settle()
  }

  /// Has it do that. Nobody is answered by a server that ends.
  func order(_ role: String, _ deed: String) throws {
    let how = "\(role)-\(deed)"
    switch role {
    case "command": _ = try answer("method=roles&what=command&value=\(how)")
    case "job": _ = try answer("method=roles&what=job&value=\(how)")
    case "answer": _ = try answer("method=roles&value=\(how)")
    case "describe": _ = try answer("method=user_details")
    case "merge":
      let old = JSON.quote("old-\(deed)")
      try accept([.init(device: "culprit-\(deed)", minute: 2, members: ["old_device_id": old])])
    case "lifecycle":
      _ = try Subprocess.run([
        TallyServer.binary, "setup", "--data", server.dataPath, "--username", "member-\(deed)",
        "--password", "Secret-Passw0rd", "--app", "App \(deed)", "--json",
      ])
    default:
      try accept([
        .init(device: "culprit-\(deed)", minute: 1, members: ["roles_how": JSON.quote(how)])
      ])
    }
  }
}
