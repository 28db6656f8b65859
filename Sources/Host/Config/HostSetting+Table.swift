import Foundation
import PluginRuntime

extension HostSetting {
  /// Everything that can stand below `host`.
  static let table: [HostSetting] = main + limits

  private static let main: [HostSetting] = [
    HostSetting(
      name: "listen", help: "Where the server listens; port 0 lets the system choose.",
      flag: "--listen", need: "HOST:PORT such as 127.0.0.1:8080",
      take: { text, settings in
        guard let address = ListenAddress(text) else { return false }
        settings.listen = address
        return true
      },
      show: { $0.listen.description }),
    HostSetting(
      name: "data", help: "The folder that holds everything the server keeps.", flag: "--data",
      need: "the path of a folder",
      take: { text, settings in
        settings.data = text
        return !text.isEmpty && !text.utf8.contains(0)
      },
      show: { $0.data }),
    word(
      "durability", \.durability, among: [.fsync, .os],
      "What a request waits for: synced to disk, or handed to the operating system."),
    number(
      "event_loops", \.eventLoops, 1...64,
      "Threads that read requests and write answers; by default one fewer than cores."),
    word(
      "client_addresses", \.clientAddresses, among: [.keep, .truncate, .drop],
      "What becomes of the addresses of clients."),
    HostSetting(
      name: "client_addresses_by_app", help: "Apps for whose clients something else holds.",
      need: "<app id>=keep, =truncate or =drop, separated by commas",
      take: { text, settings in
        guard let addresses = AppAddresses(text) else { return false }
        settings.appAddresses = addresses
        return true
      },
      show: { $0.appAddresses.description }),
    HostSetting(
      name: "trusted_proxies", help: "Networks of proxies whose `X-Forwarded-For` is believed.",
      need: "addresses or networks such as 10.0.0.0/8, separated by commas",
      take: { text, settings in
        guard let proxies = TrustedProxies(text) else { return false }
        settings.trustedProxies = proxies
        return true
      },
      show: { $0.trustedProxies.description }),
    HostSetting(
      name: "place_file",
      help: "A MaxMind DB file that tells country and city of an address.",
      need: "the path of a file",
      take: { text, settings in
        settings.placeFile = text.isEmpty ? nil : text
        return !text.utf8.contains(0)
      },
      show: { $0.placeFile ?? "" }),
    HostSetting(
      name: "public_url",
      help:
        "What people type to reach the server: stands in links; with https, cookies are `Secure`.",
      need: "an address without a path, such as https://tally.example.org",
      take: { text, settings in
        settings.publicURL = text
        return text.isEmpty || HostSettings.isAddress(text)
      },
      show: { $0.publicURL }),
    HostSetting(
      name: "key_file",
      help: "The file that keys of members are sealed under; `tally.key` in `data` by default.",
      need: "the path of a file",
      take: { text, settings in
        settings.keyFile = text.isEmpty ? nil : text
        return !text.utf8.contains(0)
      },
      show: { $0.keyFile ?? "" }),
    word(
      "plugin_pins", \.pluginPins, among: [.optional, .required],
      "Whether a plugin is only loaded when `sha256` or `signature` pins its library."),
    HostSetting(
      name: "plugin_keys",
      help: "Public keys whose signatures of plugins are believed: ed25519, base64, by commas.",
      need: "keys of 32 bytes in base64, separated by commas",
      take: { text, settings in
        let keys = text.split(separator: ",").map {
          Data(base64Encoded: $0.trimmingCharacters(in: .whitespaces)) ?? Data()
        }
        guard keys.allSatisfy({ $0.count == TrustPolicy.keyBytes }) else { return false }
        settings.pluginKeys = keys.map { [UInt8]($0) }
        return true
      },
      show: { $0.pluginKeys.map { Data($0).base64EncodedString() }.joined(separator: ",") }),
    HostSetting(
      name: "outgoing_allow",
      help: "Networks that are not public and that plugins and redirects may send requests to.",
      need: "addresses or networks such as 10.0.0.0/8, separated by commas",
      take: { text, settings in
        guard let policy = AddressPolicy(allowing: text) else { return false }
        settings.outgoingAllow = policy
        return true
      },
      show: { $0.outgoingAllow.description }),
  ]

  private static let limits: [HostSetting] = [
    number(
      "limits.header_bytes_max", \.limits.headerBytesMax, 1024...(1 << 20),
      "Target and headers of a request together; more is answered 431."),
    number(
      "limits.body_bytes_max", \.limits.bodyBytesMax, 1024...(1 << 28),
      "The body of one request; more is answered 413."),
    number(
      "limits.body_bytes_in_flight_max", \.limits.bodyBytesInFlightMax, 1024...(1 << 36),
      "All bodies that are being received; more is answered 503."),
    number(
      "limits.connections_max", \.limits.connectionsMax, 1...1_000_000,
      "Open connections; further ones are closed at once."),
    number(
      "limits.requests_in_flight_max", \.limits.requestsInFlightMax, 1...10_000_000,
      "Requests that wait for the journal; more are answered 503."),
    number(
      "limits.idle_timeout_seconds", \.limits.idleTimeoutSeconds, 1...3600,
      "How long a connection may be silent between requests."),
    number(
      "limits.bulk_items_max", \.limits.bulkItemsMax, 1...1_000_000,
      "Requests inside one bulk request; more is answered 413."),
    number(
      "limits.picture_bytes_max", \.limits.pictureBytesMax, 1024...(1 << 26),
      "One picture of a user; a larger one is left out."),
    number(
      "limits.pictures_bytes_max", \.limits.picturesBytesMax, 0...(1 << 44),
      "All pictures of users; further ones are left out."),
    number(
      "limits.journal_queue_bytes_max", \.limits.journalQueueBytesMax, 1 << 20...(1 << 36),
      "Requests that wait for the disk; more are answered 503."),
    number(
      "limits.journal_segment_bytes", \.limits.journalSegmentBytes, 1 << 20...(1 << 32),
      "Size of one file of the journal, filled beforehand."),
    number(
      "limits.disk_reserve_bytes", \.limits.diskReserveBytes, 0...(1 << 44),
      "Free space below which requests are answered 503."),
    number(
      "limits.flush_interval_ms", \.limits.flushIntervalMilliseconds, 1...60_000,
      "The longest that a change waits for its commit under load."),
    number(
      "limits.flush_keys_max", \.limits.flushKeysMax, 1...10_000_000,
      "Changed keys that are committed at once, without waiting longer."),
    number(
      "limits.read_wait_ms", \.limits.readWaitMilliseconds, 0...60_000,
      "The longest that a question waits for the commit of what came before it."),
    number(
      "limits.read_seconds_max", \.limits.readSecondsMax, 1...3600,
      "The longest that a question may go on reading; then it is answered 504."),
    number(
      "limits.cache_bytes_max", \.limits.cacheBytesMax, 1 << 20...(1 << 40),
      "What the pipeline keeps of users and counters between commits."),
    number(
      "limits.raw_retention_months", \.limits.rawRetentionMonths, 1...1200,
      "Months that every item is kept as it came; older client times move to this edge."),
    number(
      "limits.raw_retention_days", \.limits.rawRetentionDays, 0...36_500,
      "Days after which each item is deleted, before its months are over; 0: months alone count."),
    HostSetting(
      name: "limits.raw_retention_days_by_app", help: "Apps whose items are deleted earlier.",
      need: "<app id>=<days>, separated by commas",
      take: { text, settings in
        guard let retention = AppRetention(text) else { return false }
        settings.limits.appRetention = retention
        return true
      },
      show: { $0.limits.appRetention.description }),
    number(
      "limits.session_minutes", \.limits.sessionMinutes, 0...10_080,
      "Minutes without a request after which who logged in has to do it again; 0: seven days."),
    number(
      "limits.job_threads", \.limits.jobThreads, 1...64,
      "Threads that run jobs of plugins; more jobs wait."),
    number(
      "limits.job_grace_seconds", \.limits.jobGraceSeconds, 1...86_400,
      "How long a job, answer or committed hook may go on behind its time before its plugin pays."),
    number(
      "limits.call_seconds_max", \.limits.callSeconds, 1...3600,
      "How long a call in the server's process may take, an answer behind its deadline, unnamed."),
    number(
      "limits.catch_up_percent", \.limits.catchUpPercent, 1...90,
      "The share of the pipeline's time that plugins which are behind get under load."),
    number(
      "limits.isolated_deadline_ms", \.limits.isolatedDeadlineMilliseconds, 10...600_000,
      "The longest that a hook of an isolated plugin, committed or not, may take for one batch."),
    number(
      "limits.isolated_computing_ms", \.limits.isolatedComputingMilliseconds, 10...600_000,
      "The longest that a hook of an isolated plugin may compute for one batch."),
    number(
      "limits.isolated_intake_ms", \.limits.isolatedIntakeMilliseconds, 1...10_000,
      "The longest that a request waits for intake hooks of isolated plugins."),
    number(
      "limits.isolated_memory_bytes_max", \.limits.isolatedMemoryBytesMax, (16 << 20)...(1 << 40),
      "The memory that an isolated plugin may map."),
  ]
}
