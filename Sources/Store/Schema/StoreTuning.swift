/// Sizes of the store's files and buffers, chosen by measurement, and how long its readers may take.
/// Page sizes hold for files that are yet to be made.
package struct StoreTuning: Sendable {
  /// Bytes of a page of the main file.
  package var pageBytes = 8_192
  /// Bytes of a page of the raw files. Full blocks take several; small pages waste little of the last.
  package var rawPageBytes = 16_384
  /// Pages in the write-ahead log of the main file from which on they are moved into it.
  package var walPagesMax = 5_000
  /// The same for a raw file.
  package var rawWalPagesMax = 1_000
  /// Page cache of the writing connection.
  package var writerCacheKiB = 8_192
  /// Raw files open at a time.
  package var rawFilesOpenMax = 4
  /// The longest that one snapshot is kept for a reader.
  package var readLimit = Duration.seconds(30)

  /// The file of keys that secrets are sealed under; nil: beside the main file.
  package var keyFile: String?

  package init() {}
}
