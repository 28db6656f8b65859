import Foundation
import TestThreads
import Testing

@testable import Host

@Suite(.serialized, .ownThread) struct DemoDeskTests {
  @Test("Taking the demo away gives up where nothing is counted, and leaves everything as it was")
  func waits() throws {
    let stand = try Stand()
    _ = try DemoDesk(core: stand.core).begin()
    let apps = stand.core.registry.snapshot.byNumber.count
    let (entered, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
    let pipeline = stand.core.pipeline
    Thread.detachNewThread {
      try? pipeline.atRest {
        entered.signal()
        release.wait()
      }
    }
    entered.wait()
    let failure = stand.core.services.desk.append(
      { [stand] _ in
        RequestRecord.write(
          app: stand.app.number, device: Array("d".utf8), object: Array("{}".utf8),
          receivedMs: stand.core.services.nowMs, partition: 0, outbox: nil)
      }, timeout: .seconds(10))
    #expect(failure == nil)
    let error = #expect(throws: CommandError.self) {
      try DemoDesk(core: stand.core, commitSeconds: 0.2).remove()
    }
    #expect(error?.description.contains("not counted within 0.2 s") == true)
    #expect(stand.core.registry.snapshot.byNumber.count == apps)
    release.signal()
    #expect(try DemoDesk(core: stand.core).remove() == 0)
    #expect(stand.core.registry.snapshot.byNumber.count == apps - DemoApp.all.count)
  }
}
