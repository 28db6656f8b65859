import PluginABI
import PluginRuntime

/// Writes journalled items anew as transform hooks want them: out of the batch's nodes, what was
/// asked for applied, in the form that everything behind reads. The pipeline's thread only.
final class ItemRewriter {
  private let buffer = EntryBuffer()
  /// Items written for the batch at hand; what points into them is valid until `begin`.
  private var kept: [UnsafeMutableRawBufferPointer] = []

  deinit { begin() }

  /// Begins a batch; the items of the last one are gone.
  func begin() {
    kept.forEach { $0.deallocate() }
    kept.removeAll(keepingCapacity: true)
  }

  /// The bytes of an item with its edits.
  func rewrite(
    _ item: RequestRecord.Item, root: UInt32, in batch: UnsafePointer<tally_batch>,
    _ edits: BatchEdits.Item
  ) -> UnsafeRawBufferPointer {
    buffer.removeAll()
    var writer = NodeWriter(batch: batch, buffer: buffer, edits: edits)
    if edits.isNobodys(root: root) {
      buffer.append(item.bytes.part(0, RequestRecord.namesOffset))
      buffer.patch(UInt32(0), at: RequestRecord.namesOffset - 4)
    } else {
      buffer.append(item.head)
    }
    let count = writeParameters(&writer, root) + copyNotes(item)
    buffer.patch(UInt32(buffer.count - 4), at: 0)
    buffer.patch(RequestRecord.Form.parameters.rawValue, at: RequestRecord.formOffset)
    buffer.patch(UInt16(truncatingIfNeeded: count), at: RequestRecord.countOffset)
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: buffer.count, alignment: 8)
    copy.copyMemory(from: buffer.bytes)
    kept.append(copy)
    return UnsafeRawBufferPointer(copy)
  }

  /// One parameter for each member of the root, its value as JSON text.
  private func writeParameters(_ writer: inout NodeWriter, _ root: UInt32) -> Int {
    let events = writer.lastArray(named: "events", of: root)
    var count = 0
    writer.forEachMember(of: root) { name, node in
      let start = beginParameter(name)
      writer.value(node, appending: node == events ? writer.edits.addedEvents : [])
      endParameter(start, name.count)
      count += 1
    }
    for member in writer.added(to: root) {
      member.name.withUnsafeBytes { name in
        let start = beginParameter(name)
        buffer.append(contentsOf: member.json)
        endParameter(start, name.count)
      }
      count += 1
    }
    if events == nil, !writer.edits.addedEvents.isEmpty {
      let name = Array("events".utf8)
      name.withUnsafeBytes { name in
        let start = beginParameter(name)
        writer.list(writer.edits.addedEvents)
        endParameter(start, name.count)
      }
      count += 1
    }
    return count
  }

  /// What intake hooks said stays as it was said.
  private func copyNotes(_ item: RequestRecord.Item) -> Int {
    var parameters = item.parameters
    var count = 0
    while let parameter = parameters.next() {
      guard parameter.isNote else { continue }
      buffer.append(UInt16(parameter.key.count))
      buffer.append(UInt32(parameter.value.count))
      buffer.append(RequestRecord.noteFlag)
      buffer.append(parameter.key)
      buffer.append(parameter.value)
      count += 1
    }
    return count
  }

  private func beginParameter(_ name: UnsafeRawBufferPointer) -> Int {
    let start = buffer.count
    buffer.append(UInt16(name.count))
    buffer.append(UInt32(0))
    buffer.append(RequestRecord.jsonFlag)
    buffer.append(name)
    return start
  }

  private func endParameter(_ start: Int, _ nameCount: Int) {
    let head = RequestRecord.parameterHeadBytes + nameCount
    buffer.patch(UInt32(buffer.count - start - head), at: start + 2)
  }
}

extension BatchEdits.Item {
  private static let device = Array("device_id".utf8)

  /// Whether a hook took the device id away. It goes with the places found for it: what is left
  /// names nobody.
  func isNobodys(root: UInt32) -> Bool {
    let last = members.last { $0.object == root && $0.name == Self.device }
    return last.map { $0.json == nil } ?? false
  }
}
