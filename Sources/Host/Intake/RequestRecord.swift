/// The bytes of one HTTP request in the journal: a header and its items, little-endian.
///
/// ```text
/// u8 version · u8 kind · u16 flags · u32 items · i64 received_ms · u64 bulk_hash
/// per item: u32 length of what follows
///   u32 app · u64 hash · u8 partition · u8 form · u16 parameters
///   u16 device_len · u8 country_len · u8 city_len · device · country · city
///   form 0: per parameter u16 key_len · u32 value_len · u8 flags · key · value
///   form 1: u32 length · JSON object text
/// ```
/// Everything that reads or writes these bytes is in the files `RequestRecord*.swift`.
package enum RequestRecord {
  package static let version: UInt8 = 1
  static let headerBytes = 24
  static let itemHeadBytes = 20
  static let parameterHeadBytes = 7
  /// Places in an item, its length included.
  static let formOffset = 17
  static let countOffset = 18
  static let countryOffset = 22
  /// Device, country and city begin here, behind their lengths.
  static let namesOffset = 24
  /// What a parameter's flags mean.
  static let jsonFlag: UInt8 = 1
  static let noteFlag: UInt8 = 2

  /// What wrote the entry. Values other than `request` are reserved.
  package enum Kind: UInt8, Sendable {
    case request = 0
    case command = 1
    case emitted = 2
  }

  /// How an item's parameters are kept.
  package enum Form: UInt8, Sendable {
    /// Name and value pairs, names unique within the item.
    case parameters = 0
    /// One JSON object as sent; its members are the parameters.
    case object = 1
  }

  /// The entry holds the items of one bulk request.
  package static let bulkFlag: UInt16 = 1
  /// Some item of the entry names an old device id.
  package static let mergeFlag: UInt16 = 4

  /// The first bytes of an entry.
  package struct Header: Equatable, Sendable {
    package let kind: Kind
    package let flags: UInt16
    package let itemCount: UInt32
    /// When the request was received, in milliseconds since 1970.
    package let receivedMs: Int64
    /// The hash of a whole bulk request; 0 when it is never a duplicate.
    package let bulkHash: UInt64

    package var isBulk: Bool { flags & RequestRecord.bulkFlag != 0 }
    package var mayMerge: Bool { flags & RequestRecord.mergeFlag != 0 }
  }

  /// One parameter of an item, pointing into the entry.
  package struct Parameter {
    package let key: UnsafeRawBufferPointer
    package let value: UnsafeRawBufferPointer
    /// The value is JSON text as sent; otherwise it is decoded UTF-8.
    package let isJSON: Bool
    /// An intake hook said it; no client can. Notes come last.
    package let isNote: Bool
  }
}
