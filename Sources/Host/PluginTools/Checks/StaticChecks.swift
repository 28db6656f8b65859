import Foundation
import PluginRuntime

extension PluginCheck {
  static let fileID = "elf.file"

  /// Whether it looks into the library, or runs it.
  var needsLibrary: Bool { isDynamic || id.hasPrefix("elf.") }

  /// Functions a plugin has no business with, and why.
  private static let unwanted: [(names: Set<String>, why: String)] = [
    (["exit", "_exit", "quick_exit"], "ends the whole server; return a status instead"),
    (
      ["fork", "vfork", "execve", "execvp", "execv", "posix_spawn", "system", "popen"],
      "starts processes; the isolated lane forbids it"
    ),
    (["dlclose"], "unmaps code that may still run; let libraries stay"),
    (
      ["signal", "sigaction", "setenv", "putenv", "chdir", "umask", "setlocale"],
      "changes the whole process; the host owns it"
    ),
  ]

  /// What is read from the file, without running any of it.
  static let staticChecks: [PluginCheck] = [
    PluginCheck(fileID, "a shared object for this machine", isDynamic: false) { subject in
      let file = try ELFFile(path: subject.path)
      let soname = file.soname.map { "soname \($0)" } ?? "no soname"
      return [.note("\(size(of: subject.path)), \(soname)")]
    },
    PluginCheck("elf.exports", "exports its entry and nothing else", isDynamic: false) {
      exports(try ELFFile(path: $0.path), of: $0)
    },
    PluginCheck("elf.needed", "needs only libraries that are there", isDynamic: false) {
      needed(try ELFFile(path: $0.path))
    },
    PluginCheck("elf.calls", "calls nothing that is the host's", isDynamic: false) { subject in
      let names = Set(try ELFFile(path: subject.path).undefined.map(\.name))
      return unwanted.flatMap { unwanted in
        names.intersection(unwanted.names).sorted().map { .warning("\($0): \(unwanted.why)") }
      }
    },
    PluginCheck("elf.memory", "no executable stack, no text relocations", isDynamic: false) {
      let file = try ELFFile(path: $0.path)
      var found: [Finding] = []
      if file.wantsExecutableStack {
        found.append(
          .failure("asks for an executable stack; link with -Wl,-z,noexecstack"))
      }
      if file.hasTextRelocations {
        found.append(.failure("has text relocations; compile everything with -fPIC"))
      }
      return found
    },
    PluginCheck("file.rights", "written by its owner only", isDynamic: false) { subject in
      [subject.path, (subject.path as NSString).deletingLastPathComponent].compactMap { path in
        var status = stat()
        guard stat(path.isEmpty ? "." : path, &status) == 0 else {
          return .failure("\(path) cannot be looked at")
        }
        return status.st_mode & 0o002 != 0
          ? .failure("TALLY-151: \(path) may be written by everybody; chmod o-w \(path)") : nil
      }
    },
  ]

  private static func exports(_ file: ELFFile, of subject: Subject) -> [Finding] {
    let entry = LoadedPlugin.entrySymbol(for: subject.name)
    let names = file.exports.map(\.name)
    guard names.contains(entry) else {
      let list = names.isEmpty ? "nothing" : names.prefix(5).joined(separator: ", ")
      return [
        .failure(
          "TALLY-102: does not export \(entry), but \(list); export one function of that name "
            + "with TALLY_EXPORT (the name follows the file: lib\(subject.name).so)")
      ]
    }
    let extra = names.filter { $0 != entry }
    guard !extra.isEmpty else { return [.note(entry)] }
    return [
      .note(entry),
      .warning(
        "exports \(extra.count) more names (\(extra.prefix(3).joined(separator: ", ")) ...) that "
          + "another library may bind to; build with -fvisibility=hidden or a version script"),
    ]
  }

  private static func needed(_ file: ELFFile) -> [Finding] {
    var found: [Finding] = [
      .note(file.needed.isEmpty ? "no library" : file.needed.joined(separator: ", "))
    ]
    for library in file.needed where library.contains("/") {
      found.append(.failure("\(library) is a path of one machine; link with -l"))
    }
    for library in file.needed where library.hasPrefix("libFoundation") {
      found.append(
        .warning("\(library) costs 8 MB and 10 ms where nothing else loads it; do without"))
    }
    if let path = file.runPath { found.append(.note("searches libraries in \(path)")) }
    return found
  }

  private static func size(of path: String) -> String {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let bytes = (attributes?[.size] as? Int) ?? 0
    return "\((bytes + 1_023) / 1_024) KiB"
  }
}
