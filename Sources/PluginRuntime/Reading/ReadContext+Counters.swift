import PluginABI
import Store

/// Counters, as documents and as totals.
extension ReadContext {
  func document(_ pointer: UnsafePointer<tally_question>?) -> tally_status {
    guard let asked = asked(pointer), let metric = metric(asked.metric) else {
      return TALLY_INVALID
    }
    return reading {
      write(
        whole: try snapshot.document(
          metric, app: question.app, subjects: subjects(asked), dimension: dimension(asked),
          value: value(asked), period: period(asked.period),
          options: options(asked)))
      return TALLY_OK
    }
  }

  func totals(
    _ pointer: UnsafePointer<tally_question>?, _ visitContext: UnsafeMutableRawPointer?,
    _ visit: (@convention(c) (UnsafeMutableRawPointer?, UnsafePointer<tally_total>?) -> Int32)?
  ) -> tally_status {
    guard let visit, let asked = asked(pointer), let metric = metric(asked.metric) else {
      return TALLY_INVALID
    }
    func say(
      _ name: String, _ measures: UnsafeBufferPointer<Int64>, error: Double = 0
    ) -> Bool {
      var table = tally_total()
      table.struct_size = UInt32(MemoryLayout<tally_total>.size)
      table.n_measures = UInt32(measures.count)
      table.measures = measures.baseAddress
      table.name = keep(name)
      table.error = error
      return withUnsafePointer(to: table) { visit(visitContext, $0) } != 0
    }
    return reading {
      guard asked.flags & TALLY_QUESTION_BY_TICK == 0 else {
        try chart(metric, asked).forEach { say($0, $1) }
        return TALLY_OK
      }
      for line in try lines(metric, asked) {
        let error = line.accuracy.error
        let goesOn = line.measures.withUnsafeBufferPointer { say(line.name, $0, error: error) }
        if !goesOn { break }
      }
      return TALLY_OK
    }
  }

  func names(
    _ number: UInt32, _ subject: tally_str, _ visitContext: UnsafeMutableRawPointer?,
    _ visit: (@convention(c) (UnsafeMutableRawPointer?, tally_str) -> Int32)?
  ) -> tally_status {
    guard let visit, let metric = metric(number) else { return TALLY_INVALID }
    return reading {
      let names = try names(metric, number, of: subject.string ?? "")
      for name in names where visit(visitContext, keep(name)) == 0 { break }
      return TALLY_OK
    }
  }

  /// Whoever lists the subjects mostly goes on to ask for the dimensions of each: the store is asked
  /// once for these.
  private func names(
    _ metric: MetricDefinition, _ number: UInt32, of subject: String
  ) throws -> [String] {
    if subject.isEmpty {
      listed.insert(number)
    } else if listed.contains(number) {
      let all =
        try dimensions[number] ?? snapshot.dimensionsBySubject(metric, app: question.app)
      dimensions[number] = all
      return all[subject] ?? []
    }
    return try snapshot.names(metric, app: question.app, subject: subject)
  }

  private func lines(
    _ metric: MetricDefinition, _ asked: tally_question
  ) throws -> [SeriesTotal] {
    let period = range(asked)
    if asked.flags & TALLY_QUESTION_BY_SUBJECT != 0 {
      return try snapshot.totalsBySubject(metric, app: question.app, period: period)
    }
    return try snapshot.totals(
      metric, app: question.app, subject: asked.subject.string ?? "", dimension: dimension(asked),
      value: value(asked), period: period)
  }

  private func chart(_ metric: MetricDefinition, _ asked: tally_question) throws -> Chart {
    try snapshot.chart(
      metric, app: question.app, subject: asked.subject.string ?? "", dimension: dimension(asked),
      value: value(asked), period: range(asked))
  }

  private func range(_ asked: tally_question) -> Period {
    let period = period(asked.period)
    return asked.flags & TALLY_QUESTION_BEFORE == 0
      ? period : Period(before: period, calendar: question.calendar)
  }

  private func options(_ asked: tally_question) -> DocumentOptions {
    var options: DocumentOptions = escapesHTML ? [] : .unescaped
    if asked.flags & TALLY_QUESTION_NO_META != 0 { options.insert(.withoutMeta) }
    if question.parameters["action"] == "refresh" { options.insert(.todayOnly) }
    return options
  }

  private func subjects(_ asked: tally_question) -> [String] {
    let text = asked.subject.string ?? ""
    guard asked.flags & TALLY_QUESTION_ADD_SUBJECTS != 0 else { return [text] }
    return text.split(separator: "\0").map(String.init)
  }

  private func dimension(_ asked: tally_question) -> String? {
    asked.dimension.len == 0 ? nil : asked.dimension.string
  }

  private func value(_ asked: tally_question) -> String? {
    asked.value.len == 0 ? nil : asked.value.string
  }

  private func asked(_ pointer: UnsafePointer<tally_question>?) -> tally_question? {
    guard let asked = try? Incoming.copy(pointer, "tally_question"),
      asked.value.len == 0 || asked.dimension.len > 0
    else { return nil }
    let isChart = asked.flags & TALLY_QUESTION_BY_TICK != 0
    guard !isChart || (asked.value.len > 0) == (asked.dimension.len > 0) else { return nil }
    return asked
  }
}

extension SeriesTotal.Accuracy {
  /// As `tally_total` says it.
  fileprivate var error: Double {
    switch self {
    case .exact: 0
    case .estimate(let standardError): standardError
    case .upperBound: -1
    }
  }
}
