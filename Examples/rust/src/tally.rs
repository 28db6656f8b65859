//! What a plugin adds to the bare contract of `abi`: texts and batches without pointers, and a wall that no panic passes.

pub use crate::abi::*;

impl Str {
    pub const EMPTY: Str = Str { ptr: std::ptr::null(), len: 0 };

    pub const fn of(text: &'static str) -> Str {
        Str { ptr: text.as_ptr(), len: text.len() as u64 }
    }

    /// # Safety
    /// The text must be alive for `'a`.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.len == 0 { &[] } else { std::slice::from_raw_parts(self.ptr, self.len as usize) }
    }
}

impl Batch {
    fn at<T>(&self, offset: u32, stride: u32, index: u32) -> &T {
        let start = self as *const Batch as *const u8;
        // The host promises that every offset lies inside its block.
        unsafe { &*(start.add(offset as usize + index as usize * stride as usize) as *const T) }
    }

    pub fn item(&self, index: u32) -> &Item {
        self.at(self.items_off, self.item_stride, index)
    }

    pub fn event(&self, index: u32) -> &Event {
        self.at(self.events_off, self.event_stride, index)
    }

    pub fn text(&self, off: u32, len: u32) -> Str {
        let start = self as *const Batch as *const u8;
        Str { ptr: unsafe { start.add(off as usize) }, len: len as u64 }
    }
}

/// Constant data with pointers inside, which are only ever read.
#[repr(transparent)]
pub struct Constant<T>(pub T);
unsafe impl<T> Sync for Constant<T> {}

/// Runs `body`; a panic becomes a status, because nothing may unwind into the host.
pub fn guarded(error: *const Error, body: impl FnOnce() -> Result<(), &'static str>) -> Status {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)) {
        Ok(Ok(())) => OK,
        Ok(Err(reason)) => {
            if let Some(error) = unsafe { error.as_ref() } {
                (error.set)(error.ctx, Str::of(reason));
            }
            FAILED
        }
        Err(_) => PANIC,
    }
}
