import PluginABI
import PluginRuntime

/// What transform hooks do to a batch before the process hooks see it.
extension BatchCounter {
  /// The batch that is left, or nil when nothing is.
  func transform(_ work: Dispatcher.Work) throws -> Dispatcher.Work? {
    rewriter.begin()
    let left = try dispatcher.transform(work) { try rebuild($0, $1) }
    for letter in dispatcher.bypassed {
      bypasses.add()
      log.error(
        "a transform could not take an item; it is counted as it came",
        metadata: [
          "plugin": "\(letter.name)", "position": "\(letter.position)", "item": "\(letter.item)",
          "reason": "\(letter.reason)",
        ])
    }
    return left
  }

  /// A new batch out of an old one and what was asked for. Items of which nothing was asked are not
  /// decoded again. Everything is copied out of the old one before the new one begins, for both lie
  /// in the same memory.
  private func rebuild(
    _ old: Dispatcher.Work, _ edits: BatchEdits
  ) throws -> Dispatcher.Work? {
    var places: ContiguousArray<Place> = []
    var kept: ContiguousArray<Source> = []
    var firsts = FirstItems()
    for index in sources.indices {
      let item = tally_batch_item(UnsafePointer(old.batch), UInt32(index)).pointee
      var source = sources[index]
      var place = Place(index: index)
      if let edit = edits.items[UInt32(index)] {
        if edit.isDropped {
          ledger.add(.stored, app: item.app, items: -1)
          ledger.add(.dropped, app: item.app)
          firsts.lose(item)
          continue
        }
        guard let record = RequestRecord.Item(source.body) else { continue }
        source.body = rewriter.rewrite(record, root: item.root, in: UnsafePointer(old.batch), edit)
        place.edited = item
        place.isNobodys = edit.isNobodys(root: item.root)
      }
      if place.isNobodys { firsts.lose(item) } else { place.isFirst = firsts.isFirst(item) }
      places.append(place)
      kept.append(source)
    }
    sources = kept
    for user in firsts.missing { workingSet.hide(user: old.users[Int(user)]) }
    return places.isEmpty ? nil : build(places, old)
  }

  /// An item of the old batch that is left.
  private struct Place {
    let index: Int
    /// As it was, where something is to be changed.
    var edited: tally_item?
    var isNobodys = false
    /// The first of its user.
    var isFirst = false
  }

  /// Which items are the first of users, when others before them are not any more.
  private struct FirstItems {
    /// By their places among the batch's users: users whose first item is not kept, or nobody's.
    private(set) var missing: Set<UInt32> = []

    mutating func lose(_ item: tally_item) {
      if item.flags & TALLY_ITEM_NEW_USER != 0 { missing.insert(item.user_index) }
    }

    mutating func isFirst(_ item: tally_item) -> Bool {
      if item.flags & TALLY_ITEM_NEW_USER != 0 { return true }
      guard !missing.isEmpty, item.device_len > 0 else { return false }
      return missing.remove(item.user_index) != nil
    }
  }

  private func build(_ places: ContiguousArray<Place>, _ old: Dispatcher.Work) -> Dispatcher.Work {
    builder.reopen()
    for (place, source) in zip(places, sources) {
      guard let item = place.edited else {
        builder.keep(place.index, isFirst: place.isFirst)
        continue
      }
      guard let record = RequestRecord.Item(source.body), let app = apps.byNumber[item.app] else {
        preconditionFailure("an item that was decoded once is decoded again")
      }
      builder.append(
        item: record, position: item.position, index: item.index,
        isBulk: item.flags & TALLY_ITEM_BULK != 0, receivedMs: item.received_ms, uid: item.user,
        isNewUser: place.isFirst, userIndex: item.user_index,
        calendar: app.calendar, appCountry: app.country)
    }
    return Dispatcher.Work(
      batch: builder.finish(), users: old.users, positions: old.positions,
      contains: builder.contains)
  }
}
