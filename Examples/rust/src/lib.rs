//! slow-actions: which actions keep users waiting. Counts every event with a duration by its key: how often, how often
//! slow, how long in all and at most, and answers /o?method=slow-actions.

mod abi;
mod tally;

use std::ffi::c_void;
use tally::*;

/// What one instance keeps: numbers it was given, and nothing that counts.
struct SlowActions {
    host: *const Host,
    slow_units: i64,
    metric: u32,
}

/// Durations are in units of 1e-5 seconds.
const UNITS_PER_MS: i64 = 100;
const UNITS_PER_SECOND: f64 = 100_000.0;

// ---- Counting

extern "C" fn process(
    instance: *mut c_void,
    batch: *const Batch,
    _facts: *const c_void,
    effects: *const Effects,
    error: *const Error,
) -> Status {
    let (plugin, batch, effects) =
        unsafe { (&*(instance as *const SlowActions), &*batch, &*effects) };
    guarded(error, || {
        for index in batch.first_item..batch.end_item {
            let item = batch.item(index);
            for place in item.first_event..item.first_event + item.n_events {
                let event = batch.event(place);
                if event.flags & EVENT_HAS_DUR != 0 && event.flags & EVENT_INTERNAL == 0 {
                    plugin.count(batch, index, event, effects);
                }
            }
        }
        Ok(())
    })
}

impl SlowActions {
    fn count(&self, batch: &Batch, item: u32, event: &Event, effects: &Effects) {
        let series = Series {
            struct_size: size_of::<Series>() as u32,
            metric: self.metric,
            subject: batch.text(event.key_off, event.key_len),
            dimension: Str::EMPTY,
            value: Str::EMPTY,
        };
        let slow = if event.dur >= self.slow_units { event.count } else { 0 };
        let add = [event.count, slow, event.dur, event.dur];
        (effects.count)(effects.ctx, item, &series, event.hour, add.as_ptr(), add.len() as u32);
    }
}

// ---- Answering

struct Lines<'a> {
    reply: &'a Reply,
    is_first: bool,
}

impl Lines<'_> {
    fn write(&self, text: &str) {
        (self.reply.write)(self.reply.ctx, Str { ptr: text.as_ptr(), len: text.len() as u64 });
    }
}

extern "C" fn line(ctx: *mut c_void, total: *const Total) -> i32 {
    let (lines, total) = unsafe { (&mut *(ctx as *mut Lines), &*total) };
    let measures = unsafe { std::slice::from_raw_parts(total.measures, total.n_measures as usize) };
    let [times, slow, all, longest] = measures else { return 0 };
    let mean = *all as f64 / (*times).max(1) as f64 / UNITS_PER_SECOND;
    lines.write(if lines.is_first { "{\"action\":" } else { ",{\"action\":" });
    lines.is_first = false;
    (lines.reply.string)(lines.reply.ctx, total.name);
    lines.write(&format!(
        ",\"times\":{times},\"slow\":{slow},\"mean\":{mean},\"max\":{}}}",
        *longest as f64 / UNITS_PER_SECOND
    ));
    1
}

extern "C" fn answer(
    instance: *mut c_void,
    request: *const Request,
    reply: *const Reply,
    error: *const Error,
) -> Status {
    let (plugin, request, reply) =
        unsafe { (&*(instance as *const SlowActions), &*request, &*reply) };
    guarded(error, || {
        let mut lines = Lines { reply, is_first: true };
        let question = Question {
            struct_size: size_of::<Question>() as u32,
            metric: plugin.metric,
            subject: Str::EMPTY,
            dimension: Str::EMPTY,
            value: Str::EMPTY,
            period: Str::EMPTY,
            flags: QUESTION_BY_SUBJECT,
            reserved0: 0,
        };
        lines.write("[");
        let place = &mut lines as *mut Lines as *mut c_void;
        if (request.totals)(request.ctx, &question, place, line) != OK {
            return Err("the host could not add up the actions");
        }
        lines.write("]");
        Ok(())
    })
}

// ---- The life of an instance

fn setting(host: &Host, name: &'static str) -> Option<i64> {
    let mut value = SettingValue {
        struct_size: size_of::<SettingValue>() as u32,
        kind: 0,
        integer: 0,
        number: 0.0,
        text: Str::EMPTY,
    };
    ((host.setting)(host.ctx, Str::of(name), &mut value) == OK).then_some(value.integer)
}

extern "C" fn create(host: *const Host, out: *mut *mut c_void, error: *const Error) -> Status {
    guarded(error, || {
        let slow_ms = setting(unsafe { &*host }, "slow_ms").ok_or("slow_ms is not set")?;
        let plugin = SlowActions { host, slow_units: slow_ms * UNITS_PER_MS, metric: 0 };
        unsafe { *out = Box::into_raw(Box::new(plugin)) as *mut c_void };
        Ok(())
    })
}

extern "C" fn enroll(
    instance: *mut c_void,
    registrar: *const Registrar,
    error: *const Error,
) -> Status {
    let (plugin, registrar) = unsafe { (&mut *(instance as *mut SlowActions), &*registrar) };
    guarded(error, || {
        let limit = setting(unsafe { &*plugin.host }, "actions_max").ok_or("actions_max is not set")?;
        let measure = |name, kind, scale| Measure {
            name: Str::of(name),
            kind,
            grains: GRAIN_DAY | GRAIN_MONTH,
            scale,
            flags: 0,
        };
        let measures = [
            measure("t", MEASURE_SUM, 0),
            measure("slow", MEASURE_SUM, 0),
            measure("dur", MEASURE_SUM, 5),
            measure("max", MEASURE_MAX, 5),
        ];
        let metric = Metric {
            struct_size: size_of::<Metric>() as u32,
            n_measures: measures.len() as u32,
            name: Str::of("actions"),
            measures: measures.as_ptr(),
            dimensions: std::ptr::null(),
            n_dimensions: 0,
            subject_limit: limit as u32,
            dimension_limit: 0,
            value_limit: 0,
            subject_limit_setting: Str::EMPTY,
            dimension_limit_setting: Str::EMPTY,
            value_limit_setting: Str::EMPTY,
        };
        if (registrar.metric)(registrar.ctx, &metric, &mut plugin.metric) != OK {
            return Err("the host refused the metric \"actions\"");
        }
        register_calls(registrar)
    })
}

fn register_calls(registrar: &Registrar) -> Result<(), &'static str> {
    let hook = Hook {
        struct_size: size_of::<Hook>() as u32,
        kind: HOOK_PROCESS,
        phase: 0,
        flags: 0,
        name: Str::EMPTY,
        before: std::ptr::null(),
        after: std::ptr::null(),
        keys: std::ptr::null(),
        n_before: 0,
        n_after: 0,
        n_keys: 0,
        kinds: 0,
        intake: std::ptr::null(),
        transform: std::ptr::null(),
        process: Some(process),
        committed: std::ptr::null(),
        lifecycle: std::ptr::null(),
    };
    let period = Parameter {
        name: Str::of("period"),
        summary: Str::of("30days, 7days, hour, yesterday, ..."),
    };
    let route = Route {
        struct_size: size_of::<Route>() as u32,
        methods: 0,
        path: Str::of("/o"),
        method: Str::of("slow-actions"),
        permission: Str::EMPTY,
        summary: Str::of("The actions that keep users waiting."),
        access: 0,
        flags: 0,
        body_bytes_max: 0,
        deadline_ms: 0,
        answer,
        parameters: &period,
        n_parameters: 1,
        reserved0: 0,
    };
    let mut number = 0;
    if (registrar.hook)(registrar.ctx, &hook) != OK {
        return Err("the host refused the hook");
    }
    if (registrar.route)(registrar.ctx, &route, &mut number) != OK {
        return Err("the host refused the question \"slow-actions\"");
    }
    Ok(())
}

extern "C" fn destroy(instance: *mut c_void) {
    drop(unsafe { Box::from_raw(instance as *mut SlowActions) });
}

// ---- Who the plugin is

const fn int_setting(name: &'static str, help: &'static str, text: &'static str, max: f64) -> Setting {
    Setting {
        struct_size: size_of::<Setting>() as u32,
        kind: SETTING_INT,
        name: Str::of(name),
        help: Str::of(help),
        default_text: Str::of(text),
        minimum: 1.0,
        maximum: max,
        unit: Str::EMPTY,
        choices: std::ptr::null(),
        n_choices: 0,
        flags: 0,
    }
}

static SETTINGS: Constant<[Setting; 2]> = Constant([
    int_setting("slow_ms", "From which duration on an action is slow.", "2000", 3_600_000.0),
    int_setting("actions_max", "Distinct actions an app may have.", "200", 10_000.0),
]);

static DESCRIPTOR: Constant<Descriptor> = Constant(Descriptor {
    struct_size: size_of::<Descriptor>() as u32,
    flags: 0,
    name: Str::of("slow-actions"),
    version: Str::of("1.0.0"),
    summary: Str::of("Finds the actions that keep users waiting."),
    vendor: Str::EMPTY,
    license: Str::EMPTY,
    homepage: Str::EMPTY,
    dashboard: Str::EMPTY,
    settings: &SETTINGS.0 as *const [Setting; 2] as *const Setting,
    permissions: std::ptr::null(),
    depends: std::ptr::null(),
    needs: std::ptr::null(),
    n_settings: 2,
    n_permissions: 0,
    n_depends: 0,
    n_needs: 0,
});

static PLUGIN: Constant<Plugin> = Constant(Plugin {
    struct_size: size_of::<Plugin>() as u32,
    abi_major: ABI_MAJOR,
    abi_minor: ABI_MINOR,
    min_host_minor: 0,
    descriptor: &DESCRIPTOR.0,
    create,
    enroll,
    start: std::ptr::null(),
    drain: std::ptr::null(),
    stop: std::ptr::null(),
    destroy,
    rest: [std::ptr::null(); 5],
});

/// The one function the library exports, named after the plugin.
#[no_mangle]
pub extern "C" fn tally_plugin_slow_actions() -> *const Plugin {
    &PLUGIN.0
}
