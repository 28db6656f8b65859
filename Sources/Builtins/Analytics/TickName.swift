import PluginKit

/// The name of a point of a chart, `2025-3-14 9`, `2025-3-14` or `2025-3`, in words for people.
struct TickName {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private let numbers: [Int]

  init(_ name: String) {
    numbers = name.split { $0 == "-" || $0 == " " }.compactMap { Int($0) }
  }

  private var month: String {
    guard numbers.count > 1, Self.months.indices.contains(numbers[1] - 1) else { return "" }
    return Self.months[numbers[1] - 1]
  }

  /// `14 Mar`, or `Mar` of a month.
  var date: String { numbers.count > 2 ? "\(numbers[2]) \(month)" : month }

  /// `09:00` of an hour, else the date.
  var text: String { numbers.count > 3 ? ClockText(minutes: numbers[3] * 60).text : date }

  var isHour: Bool { numbers.count > 3 }
}

/// A time of day.
struct ClockText {
  let text: String

  init(minutes: Int) {
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    text = "\(two(minutes / 60)):\(two(minutes % 60))"
  }

  /// What the clocks of the app's zone show.
  init(_ request: borrowing Request) {
    self.init(minutes: Int(request.localMs % 86_400_000 / 60_000))
  }
}
