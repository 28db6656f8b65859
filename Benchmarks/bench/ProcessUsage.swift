import Glibc
import Harness

/// What the kernel says about a process.
struct ProcessUsage {
  /// User and system time together.
  let cpuSeconds: Double
  let residentMegabytes: Double
  let peakMegabytes: Double

  init(of pid: pid_t) throws {
    let stat = try Files.text("/proc/\(pid)/stat")
    guard let end = stat.lastIndex(of: ")") else { throw HarnessError("no /proc/\(pid)/stat") }
    let fields = stat[stat.index(after: end)...].split(separator: " ")
    let ticks = (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)
    cpuSeconds = ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    let status = try Files.text("/proc/\(pid)/status")
    residentMegabytes = Self.megabytes("VmRSS:", status)
    peakMegabytes = Self.megabytes("VmHWM:", status)
  }

  private static func megabytes(_ name: String, _ status: String) -> Double {
    let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
    let kilobytes = line?.split(whereSeparator: { " \t".contains($0) }).dropFirst().first
    return kilobytes.flatMap { Double($0) }.map { $0 / 1024 } ?? 0
  }
}
