extension Configuration {
  /// Every value in force, one a line, with its source and what it is for.
  var explanation: String {
    let rows = HostSetting.table.map { setting in
      ["host.\(setting.name)", setting.show(host), source(of: setting).description, setting.help]
    }
    let pluginRows = (plugins ?? []).flatMap { plugin in
      let name = "plugins.\(plugin.name)"
      let state = ["\(name).enabled", String(plugin.isEnabled), plugin.place.description, ""]
      return [state] + plugin.settings.map { ["\(name).\($0.name)", $0.text, $0.place, ""] }
    }
    return Self.aligned(rows + pluginRows)
  }

  private static func aligned(_ rows: [[String]]) -> String {
    let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: max(width - cell.count, 0))
      }
      return (cells + [row[3]]).joined(separator: "  ").trimmedEnd
    }.joined(separator: "\n")
  }
}

extension String {
  var trimmedEnd: String {
    String(self[..<(lastIndex { $0 != " " }.map(index(after:)) ?? startIndex)])
  }
}
