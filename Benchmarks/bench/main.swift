import Glibc
import Harness

// Measures the server against a bare SwiftNIO that answers the same bytes, in one run and in turns.
// `swift run -c release bench --help` tells the options.
do {
  guard let options = try Options(CommandLine.arguments.dropFirst()) else { exit(0) }
  if options.onlyReads {
    try ReadBench(options: options).run()
    exit(0)
  }
  let report = try Bench(options: options).run()
  print(report.table)
  try Files.write(report.json.text + "\n", to: options.jsonPath)
  print("written to \(options.jsonPath)")
} catch {
  let line = Array("bench: \(error)\n".utf8)
  write(2, line, line.count)
  exit(1)
}
