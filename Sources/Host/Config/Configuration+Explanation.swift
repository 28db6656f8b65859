import Foundation
import Store

extension Configuration {
  /// Every value of the host in force: name, value, source, what it is for.
  var hostRows: [[String]] {
    HostSetting.table.map { setting in
      ["host.\(setting.name)", setting.show(host), source(of: setting).description, setting.help]
    }
  }

  /// Every value of namespaces in force that no plugin has, with what the data folder keeps, if it
  /// is there.
  func namespaceRows() throws -> [[String]] {
    let isThere = FileManager.default.fileExists(atPath: Store.mainPath(host.data))
    let kept =
      isThere
      ? try StoreInspection(directory: host.data, keyFile: host.keyFile).configuration() : []
    return ConfigurationValues(self, kept: kept).rows
  }

  /// Plugins that the file turns off, and what it says of them. Which of their settings are secret
  /// is only known when they are loaded, so that no value is shown.
  var disabledRows: [[String]] {
    (plugins ?? []).filter { !$0.isEnabled }.flatMap { plugin in
      [["plugins.\(plugin.name).enabled", "false", plugin.place.description, ""]]
        + plugin.settings.map {
          ["plugins.\(plugin.name).\($0.name)", "(not shown)", $0.place, "the plugin is off"]
        }
    }
  }

  /// Rows of columns, each column as wide as its widest cell but the last.
  static func aligned(_ rows: [[String]]) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<max(columns - 1, 0)).map { column in
      rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      row.enumerated().map { column, cell in
        let width = column < widths.count ? widths[column] : 0
        return cell + String(repeating: " ", count: max(width - cell.count, 0))
      }.joined(separator: "  ").trimmedEnd
    }.joined(separator: "\n")
  }
}

extension String {
  var trimmedEnd: String {
    String(self[..<(lastIndex { $0 != " " }.map(index(after:)) ?? startIndex)])
  }
}
