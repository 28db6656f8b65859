import Dispatch
import Testing

@testable import Host

@Suite struct NameTableTests {
  @Test("A name has one number, whoever asks and however many ask at once")
  func parallel() {
    let table = NameTable()
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      for number in 0..<200 { _ = table.intern(Array("name\(number)".utf8)) }
    }
    #expect(table.count == 200)
    let names = table.names(after: 0)
    #expect(Set(names).count == 200)
    for (place, name) in names.enumerated() { #expect(table.intern(name) == UInt32(place + 1)) }
  }

  @Test("Too many names, and no name, have no number")
  func limit() {
    let table = NameTable()
    #expect(table.intern([]) == 0)
    for number in 1...NameTable.namesMax {
      #expect(table.intern(Array("\(number)".utf8)) == UInt32(number))
    }
    #expect(table.intern(Array("more".utf8)) == 0)
  }
}
