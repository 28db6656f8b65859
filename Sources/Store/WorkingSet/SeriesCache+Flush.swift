/// Taking what is new, and making room.
extension SeriesCache {
  mutating func take(into flush: inout Flush) {
    flush.series = newLines
    flush.seriesYears = newYears.sorted { $0.series.id < $1.series.id }
    flush.metrics = metrics.map(\.definition.storedName)
    for (key, count) in dropped where count != 0 { flush.ledger[key, default: 0] += count }
    (newLines, newYears, dropped) = ([], [], [:])
    log.removeAll(keepingCapacity: true)
    nextGeneration = flush.generation + 1
  }

  /// Lets go of lines and nodes that nobody used since the last time around, until the memory is
  /// back below `bytesMax`.
  mutating func evict(bytesMax: Int, committed: UInt64) {
    var looks = 2 * max(table.slotsEnd, nodeTable.slotsEnd)
    while bytes > bytesMax, looks > 0 {
      looks -= 1
      if table.slotsEnd > 0 { evictLine(committed) }
      if nodeTable.slotsEnd > 0 { evictNode(committed) }
    }
    table.compactIfWorthwhile()
    nodeTable.compactIfWorthwhile()
  }

  private mutating func evictLine(_ committed: UInt64) {
    if Int(lineHand) >= table.slotsEnd { lineHand = 0 }
    defer { lineHand += 1 }
    guard table.isUsed(lineHand), lines[Int(lineHand)].generation <= committed else { return }
    if lines[Int(lineHand)].isRecent {
      lines[Int(lineHand)].isRecent = false
    } else {
      remove(lineHand)
    }
  }

  private mutating func evictNode(_ committed: UInt64) {
    if Int(nodeHand) >= nodeTable.slotsEnd { nodeHand = 0 }
    defer { nodeHand += 1 }
    guard nodeTable.isUsed(nodeHand), nodes[Int(nodeHand)].generation <= committed else { return }
    if nodes[Int(nodeHand)].isRecent {
      nodes[Int(nodeHand)].isRecent = false
    } else {
      nodeTable.remove(nodeHand)
    }
  }

  /// Forgets everything but the registered metrics.
  mutating func removeAll(generation: UInt64) {
    table.removeAll()
    nodeTable.removeAll()
    lines.removeAll()
    aliases.removeAll()
    nodes.removeAll()
    log.removeAll()
    (newLines, newYears, dropped) = ([], [], [:])
    (lineHand, nodeHand) = (0, 0)
    lastID = -1
    nextGeneration = generation
  }
}
