import Foundation

/// The header as text: its structs with their members, and its constants. What the compilers are
/// asked about is made from here, so that nothing in it can be forgotten.
struct HeaderFile {
  struct Member {
    let name: String
    /// The declaration without comments and line breaks, so that a changed parameter is a changed
    /// golden file.
    let declaration: String
  }

  struct Struct {
    let name: String
    let members: [Member]
  }

  static let path = "\(Compiler.root)/Sources/PluginABI/include/tally_plugin.h"

  let structs: [Struct]
  let constants: [String]

  init() throws {
    let text = try String(contentsOfFile: Self.path, encoding: .utf8)
    let code = text.replacing(#/(?s)/\*.*?\*//#, with: "")
    structs = code.matches(of: #/(?s)typedef struct (tally_\w+) \{(.*?)\n\} tally_\w+;/#).map {
      Struct(name: String($0.1), members: Self.members(of: String($0.2)))
    }
    constants = code.matches(of: #/(?m)^#define (TALLY_[A-Z0-9_]+) (?:\(?-?[0-9])/#).map {
      String($0.1)
    }
  }

  private static func members(of body: String) -> [Member] {
    body.split(separator: ";").flatMap { line -> [Member] in
      let text = line.replacing(#/\s+/#, with: " ").trimming { $0 == " " }
      guard !text.isEmpty else { return [] }
      if let function = text.firstMatch(of: #/\(\*(\w+)\)\(/#) {
        return [Member(name: String(function.1), declaration: text)]
      }
      guard let type = text.firstMatch(of: #/^((?:const )?(?:struct )?\w+) /#) else { return [] }
      return text.dropFirst(type.0.count).split(separator: ",").map { part in
        let declarator = String(part).trimming { $0 == " " }
        let name = declarator.prefix { $0 != "[" }.filter { $0 != "*" }
        return Member(name: String(name), declaration: "\(type.1) \(declarator)")
      }
    }
  }

  /// A C program that prints the layout: struct and size; offset, size and declaration of each
  /// member; the value of each constant.
  var program: String {
    var lines = ["#include \"tally_plugin.h\"", "#include <stdio.h>", "int main(void) {"]
    for one in structs {
      lines.append("  printf(\"\(one.name) %u\\n\", (unsigned)sizeof(\(one.name)));")
      for member in one.members {
        lines.append(
          "  printf(\"  %u %u \(member.declaration)\\n\", (unsigned)offsetof(\(one.name), "
            + "\(member.name)), (unsigned)sizeof(((\(one.name) *)0)->\(member.name)));")
      }
    }
    for constant in constants {
      lines.append("  printf(\"\(constant) %lld\\n\", (long long)\(constant));")
    }
    return (lines + ["  return 0;", "}", ""]).joined(separator: "\n")
  }

  /// The same in Swift, without declarations and constants.
  var swiftProgram: String {
    var lines = ["import PluginABI"]
    for one in structs {
      lines.append("print(\"\(one.name)\", MemoryLayout<\(one.name)>.size)")
      lines.append("do {\n  let one = \(one.name)()")
      for member in one.members {
        lines.append(
          "  print(\" \", MemoryLayout<\(one.name)>.offset(of: \\.\(member.name)) ?? -1, "
            + "MemoryLayout.size(ofValue: one.\(member.name)), \"\(member.name)\")")
      }
      lines.append("}")
    }
    return (lines + [""]).joined(separator: "\n")
  }

  /// What `swiftProgram` prints when it agrees with the golden file.
  func withoutDeclarations(_ golden: String) -> String {
    let names = structs.flatMap { one in [""] + one.members.map(\.name) }
    let lines = golden.split(separator: "\n").filter { !$0.hasPrefix("TALLY_") }
    return zip(lines, names).map { line, name in
      let parts = line.split(separator: " ")
      return name.isEmpty ? String(line) : "  \(parts[0]) \(parts[1]) \(name)"
    }.joined(separator: "\n") + "\n"
  }
}

extension StringProtocol {
  /// Without such characters at both ends.
  fileprivate func trimming(_ isUnwanted: (Character) -> Bool) -> String {
    String(drop(while: isUnwanted).reversed().drop(while: isUnwanted).reversed())
  }
}
