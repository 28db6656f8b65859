import Testing

@testable import PluginRuntime

@Suite("Looks at calls that run")
struct CallLooksTests {
  private typealias Finding = CallLooks.Finding

  /// What so many looks, a second apart, say of what runs by then.
  private static func findings(
    _ kind: CallKind, patience: Double = 0, _ running: [[Breadcrumb.Running]]
  ) -> [[Finding]] {
    var looks = CallLooks(.init(late: 3, grace: 2))
    return running.map {
      looks.look(at: $0, after: 1) { _ in (kind, patience) }.map(\.finding)
    }
  }

  private static let call = Breadcrumb.Running(place: 0, number: 7)
  private static let next = Breadcrumb.Running(place: 0, number: 8)

  @Test("A call of the pipeline is late, and nobody expects it back, from the same moment on")
  func pipeline() {
    let found = Self.findings(.hook, Array(repeating: [Self.call], count: 7))
    #expect(found == [[], [], [], [.late, .stuck], [], [], []])
  }

  @Test("Who is beside the others has a while longer before the plugin is given up")
  func beside() {
    let found = Self.findings(.question, Array(repeating: [Self.call], count: 7))
    #expect(found == [[], [], [], [.late], [], [.stuck], []])
  }

  @Test("What a call may take by its contract comes before that")
  func patience() {
    let found = Self.findings(.question, patience: 2, Array(repeating: [Self.call], count: 9))
    #expect(found == [[], [], [], [], [], [.late], [], [.stuck], []])
  }

  @Test("Another call in the same place is another one, and one that came back late is told of")
  func returned() {
    let (call, next) = ([Self.call], [Self.next])
    #expect(Self.findings(.hook, [call, call, next, call, next]) == [[], [], [], [], []])
    let found = Self.findings(.question, [call, call, call, call, next, [], []])
    #expect(found == [[], [], [], [.late], [.returned], [], []])
  }

  @Test("Two places are told apart")
  func places() {
    let other = Breadcrumb.Running(place: 1, number: 7)
    let both = [Self.call, other]
    #expect(
      Self.findings(.hook, [[other], both, both, both, both])
        == [[], [], [], [.late, .stuck], [.late, .stuck]])
  }
}
