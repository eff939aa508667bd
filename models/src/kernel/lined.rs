//! Memory that begins with a cache line. What is read sixteen values at a time would otherwise lie across two lines each
//! time, for the allocator promises but a quarter of a line.

use std::ops::{Deref, DerefMut};

use super::memory::room;

/// Bytes of a line.
const LINE: usize = 64;

/// Values of which the first begins a line.
#[derive(Default)]
pub(crate) struct Lined<E> {
    /// Never grows, so that it never moves.
    all: Vec<E>,
    from: usize,
    len: usize,
}

impl<E: Copy + Default> Lined<E> {
    /// So many defaults.
    pub(crate) fn new(len: usize) -> Self {
        let most = len + LINE / size_of::<E>();
        let mut all = room(most);
        all.resize(most, E::default());
        let from = all.as_ptr().align_offset(LINE).min(all.len() - len);
        Self { all, from, len }
    }

    /// The first `len` values, whatever they are; there are so many then.
    pub(crate) fn at_least(&mut self, len: usize) -> &mut [E] {
        if self.len < len {
            *self = Self::new(len);
        }
        &mut self[..len]
    }
}

impl<E> Deref for Lined<E> {
    type Target = [E];

    fn deref(&self) -> &[E] {
        &self.all[self.from..self.from + self.len]
    }
}

impl<E> DerefMut for Lined<E> {
    fn deref_mut(&mut self) -> &mut [E] {
        &mut self.all[self.from..self.from + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_begins_with_a_line_and_keeps_what_is_long_enough() {
        for len in [0, 1, 7, 64, 1000] {
            let mut some = Lined::<f32>::new(len);
            assert_eq!((some.len(), some.as_ptr() as usize % LINE), (len, 0));
            let more = some.at_least(len + 3).as_ptr();
            assert_eq!((some.len(), more as usize % LINE), (len + 3, 0));
            assert_eq!((some.at_least(1).len(), some.as_ptr()), (1, more));
        }
    }
}
