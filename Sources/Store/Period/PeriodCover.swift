/// One bucket of a cover.
package struct CoverPiece: Hashable, Sendable {
  package let grain: Grain
  package let bucket: Int32

  package init(grain: Grain, bucket: Int32) {
    self.grain = grain
    self.bucket = bucket
  }
}

/// Buckets that together hold every user of a range. Users of several buckets are counted several
/// times, so a sum over the pieces is an upper bound of the users of the range; the smaller sum of
/// the two covers is the better estimate.
package struct PeriodCover: Equatable, Sendable {
  /// Whole months, whole ISO weeks, then single days: exactly the range.
  package let fine: [CoverPiece]
  /// Whole months, then every ISO week that is touched: fewer pieces, and days beyond the range.
  /// Empty where weeks are not stored.
  package let coarse: [CoverPiece]

  /// Whether a sum over the cover is exact, because it is one bucket that is the range itself.
  package var isExact: Bool { fine.count == 1 }
}

extension Period {
  /// The cover of the current range out of the grains (bits of `Grain`) in which the uniques of a
  /// series are stored. A calendar year is read from its own bucket where there is one.
  package func cover(grains: UInt32) -> PeriodCover {
    let first = CivilDate(day: days.lowerBound)
    if tick == .month, grains & Grain.year.rawValue != 0 {
      return PeriodCover(fine: [CoverPiece(grain: .year, bucket: first.year)], coarse: [])
    }
    let weeks = grains & Grain.isoWeek.rawValue != 0
    let months = grains & Grain.month.rawValue != 0 ? wholeMonths : []
    let runs = remainder(without: months)
    let pieces = months.map { CoverPiece(grain: .month, bucket: $0.year * 100 + $0.month) }
    let fine = fineCover(runs.before, weeks: weeks) + pieces + fineCover(runs.behind, weeks: weeks)
    guard weeks else { return PeriodCover(fine: fine, coarse: []) }
    let coarse = weeksTouching(runs.before) + pieces + weeksTouching(runs.behind)
    return PeriodCover(fine: fine, coarse: coarse)
  }

  /// Sums are exact over any cover; this one reads the fewest rows: whole months, then single days.
  /// A measure that is kept in neither is read from what there is.
  func cheapestCover(grains: UInt32) -> [CoverPiece] {
    let monthsAndDays = grains & (Grain.month.rawValue | Grain.day.rawValue)
    return cover(grains: monthsAndDays == 0 ? grains : monthsAndDays).fine
  }

  /// The first days of the months that lie in the range as a whole.
  private var wholeMonths: [CivilDate] {
    var months: [CivilDate] = []
    var first = CivilDate(day: days.lowerBound)
    if first.day > 1 { first = first.nextMonth }
    while first.nextMonth.ordinal <= days.upperBound {
      months.append(first)
      first = first.nextMonth
    }
    return months
  }

  /// The days before and behind the whole months.
  private func remainder(without months: [CivilDate]) -> (
    before: Range<Int32>, behind: Range<Int32>
  ) {
    guard let first = months.first, let last = months.last else {
      return (days, days.upperBound..<days.upperBound)
    }
    return (days.lowerBound..<first.ordinal, last.nextMonth.ordinal..<days.upperBound)
  }

  private func fineCover(_ run: Range<Int32>, weeks: Bool) -> [CoverPiece] {
    var pieces: [CoverPiece] = []
    var day = run.lowerBound
    while day < run.upperBound {
      if weeks, CivilDate(day: day).weekday == 1, day + 7 <= run.upperBound {
        pieces.append(isoWeek(of: day))
        day += 7
      } else {
        pieces.append(CoverPiece(grain: .day, bucket: day))
        day += 1
      }
    }
    return pieces
  }

  private func weeksTouching(_ run: Range<Int32>) -> [CoverPiece] {
    guard !run.isEmpty else { return [] }
    let monday = run.lowerBound - CivilDate(day: run.lowerBound).weekday + 1
    return stride(from: monday, to: run.upperBound, by: 7).map(isoWeek(of:))
  }

  private func isoWeek(of day: Int32) -> CoverPiece {
    CoverPiece(grain: .isoWeek, bucket: Grain.isoWeek.bucket(ofDay: day))
  }
}
