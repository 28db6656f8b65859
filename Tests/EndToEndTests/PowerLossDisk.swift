import Foundation
import Harness

/// The file system of `Tests/Fixtures/powerloss`, mounted, losing power and mounted again.
final class PowerLossDisk {
  let mountPath: String
  private let imagePath: String
  private let folder: String
  private let program: String
  private var process: Subprocess?
  private var mounts = 0

  /// Why this machine cannot run the test, or nil.
  static let obstacle = obstacle(
    device: "/dev/fuse", status: (try? Files.text("/proc/self/status")) ?? "",
    helper: "fusermount3")

  /// The same of a device, of a process with that status, and of the program that mounts for those
  /// who may not.
  static func obstacle(device: String, status: String, helper: String) -> String? {
    let descriptor = open(device, O_RDWR | O_CLOEXEC)
    if descriptor < 0 { return "\(device) cannot be opened: \(String(cString: strerror(errno)))" }
    close(descriptor)
    guard mayMount(status) || runs(["sh", "-c", "command -v \(helper)"]) else {
      return "neither the right to mount nor \(helper)"
    }
    return runs(["pkg-config", "--exists", "fuse3"]) ? nil : "libfuse3-dev is not installed"
  }

  /// Whether CAP_SYS_ADMIN is among the process's capabilities.
  private static func mayMount(_ status: String) -> Bool {
    let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
    let mask = line.flatMap { UInt64($0.dropFirst(7).filter(\.isHexDigit), radix: 16) } ?? 0
    return mask >> 21 & 1 == 1
  }

  private static func runs(_ words: [String]) -> Bool {
    (try? Subprocess.run(words))?.status == .code(0)
  }

  init() throws {
    folder = try Files.temporaryFolder()
    mountPath = folder + "/mount"
    imagePath = folder + "/image"
    program = folder + "/powerloss"
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Fixtures/powerloss/powerloss.c").path
    let (status, output) = try Subprocess.run([
      "sh", "-c",
      """
      cd '\(folder)' && mkdir mount image && \
      cc -O2 -Wall -Wextra -Werror -o powerloss '\(source)' $(pkg-config --cflags --libs fuse3)
      """,
    ])
    guard status == .code(0) else { throw HarnessError("powerloss.c: \(output)") }
  }

  deinit {
    unmount()
    Files.remove(folder)
  }

  /// Mounts what the last power loss or unmount left behind.
  func mount(seed: UInt64, loseAfter: Int? = nil, isLying: Bool = false) throws {
    mounts += 1
    var arguments = [program, imagePath, mountPath, "--seed", "\(seed)"]
    if let loseAfter { arguments += ["--lose-after", "\(loseAfter)"] }
    if isLying { arguments.append("--no-sync") }
    let process = try Subprocess(arguments, logPath: folder + "/log\(mounts)")
    self.process = process
    guard wait(for: "mounted", seconds: Patience.seconds), isMounted else {
      throw HarnessError("powerloss did not mount: \(process.log)")
    }
  }

  private var isMounted: Bool {
    Patience.wait { ((try? Files.text("/proc/mounts")) ?? "").contains(" \(mountPath) ") }
  }

  private func wait(for line: String, seconds: Double) -> Bool {
    let deadline = Clock.now + seconds
    while Clock.now < deadline {
      if process?.log.contains(line + "\n") == true { return true }
      usleep(1_000)
    }
    return false
  }

  /// Keeps a copy of what is on the unmounted disk.
  func saveImage() throws { try copy(imagePath, imagePath + ".saved") }

  /// Puts the unmounted disk back to the copy.
  func restoreImage() throws { try copy(imagePath + ".saved", imagePath) }

  private func copy(_ source: String, _ target: String) throws {
    Files.remove(target)
    let (status, output) = try Subprocess.run(["cp", "-a", source, target])
    guard status == .code(0) else { throw HarnessError("cp: \(output)") }
  }

  /// Waits for the seeded moment; pulls the plug when it does not come within `seconds`.
  func losePower(within seconds: Double) throws {
    if wait(for: "lost", seconds: seconds) { return }
    process?.send(SIGUSR1)
    guard wait(for: "lost", seconds: 5) else { throw HarnessError("power was not lost") }
  }

  /// After a power loss the image stays as it is; otherwise everything is written back first.
  func unmount() {
    guard let process else { return }
    process.send(SIGTERM)
    if process.wait(seconds: 5) == nil { process.killAndWait() }
    _ = try? Subprocess.run(["fusermount3", "-u", "-q", "-z", mountPath])
    self.process = nil
  }
}
