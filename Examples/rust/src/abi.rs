//! The part of tally_plugin.h (ABI 1.0) that this plugin needs, member by member and without any help. A struct whose
//! size differs from the header's does not compile.
#![allow(dead_code)]

use std::ffi::c_void;

pub type Status = i32;
pub const OK: Status = 0;
pub const FAILED: Status = -1;
pub const PANIC: Status = -6;

pub const ABI_MAJOR: u32 = 1;
pub const ABI_MINOR: u32 = 0;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub ptr: *const u8,
    pub len: u64,
}

#[repr(C)]
pub struct Error {
    pub struct_size: u32,
    pub reserved0: u32,
    pub ctx: *mut c_void,
    pub set: extern "C" fn(*mut c_void, Str),
}

#[repr(C)]
pub struct Batch {
    pub struct_size: u32,
    pub total_size: u32,
    pub first_item: u32,
    pub end_item: u32,
    pub items_off: u32,
    pub item_stride: u32,
    pub n_events: u32,
    pub events_off: u32,
    pub event_stride: u32,
    pub n_nodes: u32,
    pub nodes_off: u32,
    pub node_stride: u32,
    pub n_keys: u32,
    pub keys_off: u32,
    pub key_stride: u32,
    pub text_off: u32,
    pub text_len: u32,
    pub reserved0: u32,
}

#[repr(C)]
pub struct Item {
    pub position: u64,
    pub hash: u64,
    pub user: u64,
    pub received_ms: i64,
    pub timestamp_ms: i64,
    pub index: u32,
    pub app: u32,
    pub hour: i32,
    pub flags: u32,
    pub user_index: u32,
    pub root: u32,
    pub first_event: u32,
    pub n_events: u32,
    pub device_off: u32,
    pub device_len: u32,
    pub country_off: u32,
    pub country_len: u32,
    pub city_off: u32,
    pub city_len: u32,
    pub notes: u32,
    pub app_country: u32,
}

#[repr(C)]
pub struct Event {
    pub timestamp_ms: i64,
    pub count: i64,
    pub sum: i64,
    pub dur: i64,
    pub hour: i32,
    pub flags: u32,
    pub item: u32,
    pub node: u32,
    pub key_off: u32,
    pub key_len: u32,
    pub segmentation: u32,
    pub reserved0: u32,
}

pub const EVENT_HAS_DUR: u32 = 2;
pub const EVENT_INTERNAL: u32 = 4;

#[repr(C)]
pub struct Series {
    pub struct_size: u32,
    pub metric: u32,
    pub subject: Str,
    pub dimension: Str,
    pub value: Str,
}

#[repr(C)]
pub struct Effects {
    pub struct_size: u32,
    pub reserved0: u32,
    pub ctx: *mut c_void,
    pub count: extern "C" fn(*mut c_void, u32, *const Series, i32, *const i64, u32),
    /// unique, cell, cell_put, fact, row, emit, find_by
    pub rest: [*const c_void; 7],
}

#[repr(C)]
pub struct Measure {
    pub name: Str,
    pub kind: u32,
    pub grains: u32,
    pub scale: u32,
    pub flags: u32,
}

pub const MEASURE_SUM: u32 = 0;
pub const MEASURE_MAX: u32 = 4;
pub const GRAIN_DAY: u32 = 2;
pub const GRAIN_MONTH: u32 = 16;

#[repr(C)]
pub struct Metric {
    pub struct_size: u32,
    pub n_measures: u32,
    pub name: Str,
    pub measures: *const Measure,
    pub dimensions: *const c_void,
    pub n_dimensions: u32,
    pub subject_limit: u32,
    pub dimension_limit: u32,
    pub value_limit: u32,
    pub subject_limit_setting: Str,
    pub dimension_limit_setting: Str,
    pub value_limit_setting: Str,
}

pub const HOOK_PROCESS: u32 = 3;

pub type Process =
    extern "C" fn(*mut c_void, *const Batch, *const c_void, *const Effects, *const Error) -> Status;

#[repr(C)]
pub struct Hook {
    pub struct_size: u32,
    pub kind: u32,
    pub phase: i32,
    pub flags: u32,
    pub name: Str,
    pub before: *const Str,
    pub after: *const Str,
    pub keys: *const u32,
    pub n_before: u32,
    pub n_after: u32,
    pub n_keys: u32,
    pub kinds: u32,
    pub intake: *const c_void,
    pub transform: *const c_void,
    pub process: Option<Process>,
    pub committed: *const c_void,
    pub lifecycle: *const c_void,
}

pub type Answer = extern "C" fn(*mut c_void, *const Request, *const Reply, *const Error) -> Status;

#[repr(C)]
pub struct Route {
    pub struct_size: u32,
    pub methods: u32,
    pub path: Str,
    pub method: Str,
    pub permission: Str,
    pub summary: Str,
    pub access: u32,
    pub flags: u32,
    pub body_bytes_max: u32,
    pub deadline_ms: u32,
    pub answer: Answer,
    pub parameters: *const Parameter,
    pub n_parameters: u32,
    pub reserved0: u32,
}

#[repr(C)]
pub struct Parameter {
    pub name: Str,
    pub summary: Str,
}

#[repr(C)]
pub struct Registrar {
    pub struct_size: u32,
    pub reserved0: u32,
    pub ctx: *mut c_void,
    pub metric: extern "C" fn(*mut c_void, *const Metric, *mut u32) -> Status,
    pub collection: *const c_void,
    pub table: *const c_void,
    pub hook: extern "C" fn(*mut c_void, *const Hook) -> Status,
    pub route: extern "C" fn(*mut c_void, *const Route, *mut u32) -> Status,
    pub describe: *const c_void,
}

#[repr(C)]
pub struct Total {
    pub struct_size: u32,
    pub n_measures: u32,
    pub name: Str,
    pub measures: *const i64,
}

#[repr(C)]
pub struct Question {
    pub struct_size: u32,
    pub metric: u32,
    pub subject: Str,
    pub dimension: Str,
    pub value: Str,
    pub period: Str,
    pub flags: u32,
    pub reserved0: u32,
}

pub const QUESTION_BY_SUBJECT: u32 = 2;

pub type Visit = extern "C" fn(*mut c_void, *const Total) -> i32;

#[repr(C)]
pub struct Request {
    pub struct_size: u32,
    pub app: u32,
    pub route: u32,
    pub flags: u32,
    pub reference: u64,
    pub now_ms: i64,
    pub deadline_ms: i64,
    pub app_id: Str,
    pub method: Str,
    pub path: Str,
    pub member: Str,
    pub content_type: Str,
    pub body: Str,
    pub ctx: *mut c_void,
    pub parameter: extern "C" fn(*mut c_void, Str) -> Str,
    pub document: *const c_void,
    pub totals: extern "C" fn(*mut c_void, *const Question, *mut c_void, Visit) -> Status,
    /// names, get, list, rows, cell, is_cancelled
    pub rest: [*const c_void; 6],
    pub local_ms: i64,
}

#[repr(C)]
pub struct Reply {
    pub struct_size: u32,
    pub reserved0: u32,
    pub ctx: *mut c_void,
    pub status: extern "C" fn(*mut c_void, u32),
    pub write: extern "C" fn(*mut c_void, Str),
    pub string: extern "C" fn(*mut c_void, Str),
    pub header: *const c_void,
}

pub const SETTING_INT: u32 = 1;

#[repr(C)]
pub struct Setting {
    pub struct_size: u32,
    pub kind: u32,
    pub name: Str,
    pub help: Str,
    pub default_text: Str,
    pub minimum: f64,
    pub maximum: f64,
    pub unit: Str,
    pub choices: *const Str,
    pub n_choices: u32,
    pub flags: u32,
}

#[repr(C)]
pub struct SettingValue {
    pub struct_size: u32,
    pub kind: u32,
    pub integer: i64,
    pub number: f64,
    pub text: Str,
}

#[repr(C)]
pub struct Descriptor {
    pub struct_size: u32,
    pub flags: u32,
    pub name: Str,
    pub version: Str,
    pub summary: Str,
    pub vendor: Str,
    pub license: Str,
    pub homepage: Str,
    pub dashboard: Str,
    pub settings: *const Setting,
    pub permissions: *const c_void,
    pub depends: *const c_void,
    pub needs: *const c_void,
    pub n_settings: u32,
    pub n_permissions: u32,
    pub n_depends: u32,
    pub n_needs: u32,
}

#[repr(C)]
pub struct Host {
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub flags: u32,
    pub ctx: *mut c_void,
    pub product_version: Str,
    pub plugin_name: Str,
    pub log: extern "C" fn(*mut c_void, u32, Str),
    pub setting: extern "C" fn(*mut c_void, Str, *mut SettingValue) -> Status,
    pub intern: extern "C" fn(*mut c_void, Str) -> u32,
    pub app_setting: *const c_void,
    pub service: *const c_void,
}

#[repr(C)]
pub struct Plugin {
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub min_host_minor: u32,
    pub descriptor: *const Descriptor,
    pub create: extern "C" fn(*const Host, *mut *mut c_void, *const Error) -> Status,
    pub enroll: extern "C" fn(*mut c_void, *const Registrar, *const Error) -> Status,
    pub start: *const c_void,
    pub drain: *const c_void,
    pub stop: *const c_void,
    pub destroy: extern "C" fn(*mut c_void),
    /// settings_check, settings_apply, state_export, state_import, merge
    pub rest: [*const c_void; 5],
}

const fn same(left: usize, right: usize) -> usize {
    assert!(left == right, "a struct differs from tally_plugin.h");
    0
}

const _: [usize; 18] = [
    same(size_of::<Error>(), 24),
    same(size_of::<Batch>(), 72),
    same(size_of::<Item>(), 104),
    same(size_of::<Event>(), 64),
    same(size_of::<Series>(), 56),
    same(size_of::<Effects>(), 80),
    same(size_of::<Measure>(), 32),
    same(size_of::<Metric>(), 104),
    same(size_of::<Hook>(), 112),
    same(size_of::<Parameter>(), 32),
    same(size_of::<Route>(), 112),
    same(size_of::<Registrar>(), 64),
    same(size_of::<Question>(), 80),
    same(size_of::<Request>(), 224),
    same(size_of::<Reply>(), 48),
    same(size_of::<Setting>(), 104),
    same(size_of::<Descriptor>(), 168),
    same(size_of::<Plugin>(), 112),
];
