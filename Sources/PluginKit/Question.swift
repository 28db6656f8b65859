import PluginABI

/// Which counters a document or a table of totals is made of. Borrowed texts.
public struct Question {
  var abi: tally_question

  /// `dimension` empty: the total, with every declared dimension; else the values of this one, or
  /// `value` of them alone. `period` empty: the request's own, else 30 days; `before`: the range
  /// before it.
  public init(
    _ metric: Metric, subject: Text = "", dimension: Text = "", value: Text = "",
    period: Text = "",
    withoutMeta: Bool = false, bySubject: Bool = false, before: Bool = false
  ) {
    abi = tally_question(
      struct_size: UInt32(MemoryLayout<tally_question>.size), metric: metric.number,
      subject: subject.abi, dimension: dimension.abi, value: value.abi, period: period.abi,
      flags: (withoutMeta ? TALLY_QUESTION_NO_META : 0)
        | (bySubject ? TALLY_QUESTION_BY_SUBJECT : 0) | (before ? TALLY_QUESTION_BEFORE : 0),
      reserved0: 0)
  }
}

extension Question {
  /// The total over several subjects, their names separated by zero bytes.
  public init(_ metric: Metric, addingSubjects subjects: Text, dimension: Text = "") {
    self.init(metric, subject: subjects, dimension: dimension)
    abi.flags |= TALLY_QUESTION_ADD_SUBJECTS
  }
}

/// One line of a table of totals. Borrowed: valid inside the visit.
public struct Total {
  private let pointer: UnsafePointer<tally_total>

  init(_ pointer: UnsafePointer<tally_total>) {
    self.pointer = pointer
  }

  /// The subject, dimension or value of this line.
  public var name: Text { Text(pointer.pointee.name) }

  /// How well the unique measures are known: 0 for exactly, above it the standard error of an
  /// estimate as a share of the number, below it that there are at most so many.
  public var error: Double {
    let size = MemoryLayout<tally_total>.size
    return pointer.pointee.struct_size < UInt32(size) ? -1 : pointer.pointee.error
  }

  /// The number at that place of the metric's measures; 0 when the host has fewer.
  public subscript(measure: Int) -> Int64 {
    guard measure >= 0, measure < Int(pointer.pointee.n_measures),
      let measures = pointer.pointee.measures
    else { return 0 }
    return measures[measure]
  }
}
