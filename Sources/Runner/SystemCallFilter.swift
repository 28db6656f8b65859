import CSeccomp
import Foundation
import PluginRuntime

/// What a plugin may ask of the kernel once it has started: its computing, memory, futexes, clocks
/// and its conversation with the host. Everything else fails with EPERM and is counted.
struct SystemCallFilter {
  /// Calls that reach nothing outside the process.
  private static let harmless = [
    "brk", "munmap", "mremap", "madvise", "futex", "sched_yield", "getpid", "gettid",
    "getcpu", "sched_getaffinity", "clock_gettime", "clock_getres", "clock_nanosleep",
    "gettimeofday", "time", "nanosleep", "getrandom", "rt_sigreturn", "rt_sigprocmask",
    "rt_sigaction", "sigaltstack", "restart_syscall", "set_robust_list", "rseq", "membarrier",
    "exit", "exit_group",
  ]
  /// Calls that libc makes with all signals blocked, when a trap would end the process. They fail at
  /// once and are not counted.
  private static let processes = ["clone", "clone3", "fork", "vfork"]
  /// PR_SET_NAME and PR_GET_NAME: a thread is named when it starts.
  private static let naming: [UInt64] = [15, 16]
  private static let executable = UInt64(PROT_EXEC)

  // SCMP_ACT_…, which are macros with arguments.
  private static let allowed: UInt32 = 0x7fff_0000
  private static let trapped: UInt32 = 0x0003_0000
  private static let failed: UInt32 = 0x0005_0000

  private let filter: scmp_filter_ctx

  /// Begins with a filter that traps everything.
  init() throws(PluginError) {
    guard let made = seccomp_init(Self.trapped) else {
      throw PluginError(.runner, "no filter of system calls can be made; run the plugin inproc")
    }
    filter = made
  }

  /// Installs the filter in all threads of this process.
  func install() throws(PluginError) {
    defer { seccomp_release(filter) }
    var isGood = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0
    for name in Self.harmless { isGood = allow(name) && isGood }
    for name in ["write", "writev"] {
      for descriptor in RunnerRights.written {
        isGood = allow(name, descriptor: descriptor) && isGood
      }
    }
    for descriptor in RunnerRights.read {
      isGood = allow("read", descriptor: descriptor) && isGood
    }
    // Memory, but no new code.
    for name in ["mmap", "mprotect"] { isGood = allow(name, where: Self.isNotExecutable) && isGood }
    for name in Self.processes { isGood = refuse(name) && isGood }
    for option in Self.naming {
      isGood = allow("prctl", where: Self.equals(0, option)) && isGood
    }
    // A process may end itself with a signal.
    isGood = allow("tgkill", where: Self.equals(0, UInt64(getpid()))) && isGood
    guard isGood, seccomp_load(filter) == 0 else {
      throw PluginError(
        .runner, "the filter of system calls cannot be installed; run the plugin inproc")
    }
  }

  private static var isNotExecutable: scmp_arg_cmp {
    scmp_arg_cmp(arg: 2, op: SCMP_CMP_MASKED_EQ, datum_a: executable, datum_b: 0)
  }

  private static func equals(_ argument: UInt32, _ value: UInt64) -> scmp_arg_cmp {
    scmp_arg_cmp(arg: argument, op: SCMP_CMP_EQ, datum_a: value, datum_b: 0)
  }

  private func allow(_ name: String, descriptor: UInt64) -> Bool {
    allow(name, where: Self.equals(0, descriptor))
  }

  private func allow(_ name: String, where condition: scmp_arg_cmp? = nil) -> Bool {
    add(name, Self.allowed, condition.map { [$0] } ?? [])
  }

  private func refuse(_ name: String) -> Bool { add(name, Self.failed | UInt32(EPERM), []) }

  private func add(_ name: String, _ action: UInt32, _ conditions: [scmp_arg_cmp]) -> Bool {
    let number = seccomp_syscall_resolve_name(name)
    // A call that this machine does not have needs no rule.
    guard number >= 0 else { return true }
    return seccomp_rule_add_array(
      filter, action, number, UInt32(conditions.count), conditions) == 0
  }

  /// The name of a system call's number.
  static func name(_ number: Int32) -> String {
    guard let text = seccomp_syscall_resolve_num_arch(seccomp_arch_native(), number) else {
      return "\(number)"
    }
    defer { free(text) }
    return String(cString: text)
  }
}
