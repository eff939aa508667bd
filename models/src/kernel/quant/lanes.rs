//! What a kernel over packed weights needs of an instruction set, and Rust's own version of it. The kernels are written
//! once over [`Lanes`]; each instruction set supplies these few operations.

use half::f16;

/// Vectors over `WIDTH` of a panel's 16 rows. All pointers need no alignment.
///
/// # Safety
/// Every function may be called only where the processor has the instruction set, with pointers to as many elements as
/// the vector holds: `WIDTH * 4` bytes, `WIDTH` halves, bytes or floats, or where it says so a single element.
#[allow(unsafe_code)]
pub(super) unsafe trait Lanes {
    /// Four codes of each row.
    type Codes: Copy;
    /// An i32 of each row.
    type Ints: Copy;
    /// An f32 of each row.
    type Floats: Copy;
    /// Rows in a vector: 4, 8 or 16.
    const WIDTH: usize;
    /// Rows of activations that go through a panel together.
    const TILE: usize;
    /// Whether `dot_bytes` takes 128 off the codes itself.
    const SIGNED: bool;

    unsafe fn load(from: *const u8) -> Self::Codes;
    /// Each byte shifted right (left if negative) by at most 7 bits, then masked; the mask leaves out what a wider shift
    /// brings in from the neighbour.
    unsafe fn bits(codes: Self::Codes, shift: i32, mask: u8) -> Self::Codes;
    unsafe fn or(a: Self::Codes, b: Self::Codes) -> Self::Codes;
    /// `sum` + the products of each row's four codes (below 64) with the four activations at `with`, for two vectors.
    unsafe fn dot_pair(sum: Self::Ints, codes: [Self::Codes; 2], with: [*const i8; 2]) -> Self::Ints;
    /// The same for one vector of full bytes.
    unsafe fn dot_bytes(sum: Self::Ints, codes: Self::Codes, with: *const i8) -> Self::Ints;
    unsafe fn int(from: *const i32) -> Self::Ints;
    unsafe fn to_floats(ints: Self::Ints) -> Self::Floats;
    unsafe fn halves(from: *const u8) -> Self::Floats;
    unsafe fn unsigned(from: *const u8) -> Self::Floats;
    unsafe fn signed(from: *const u8) -> Self::Floats;
    unsafe fn float(from: *const f32) -> Self::Floats;
    unsafe fn zero() -> Self::Floats;
    unsafe fn mul(a: Self::Floats, b: Self::Floats) -> Self::Floats;
    unsafe fn mul_add(a: Self::Floats, b: Self::Floats, to: Self::Floats) -> Self::Floats;
    unsafe fn store(floats: Self::Floats, to: *mut f32);
}

/// Rust alone.
pub(super) struct Plain;

// SAFETY: nothing here needs an instruction set; pointers are read as the trait's contract allows.
#[allow(unsafe_code, clippy::undocumented_unsafe_blocks)]
unsafe impl Lanes for Plain {
    type Codes = [u8; 32];
    type Ints = [i32; 8];
    type Floats = [f32; 8];
    const WIDTH: usize = 8;
    const TILE: usize = 4;
    const SIGNED: bool = false;

    unsafe fn load(from: *const u8) -> Self::Codes {
        unsafe { from.cast::<Self::Codes>().read_unaligned() }
    }

    unsafe fn bits(codes: Self::Codes, shift: i32, mask: u8) -> Self::Codes {
        codes.map(|c| if shift < 0 { c << -shift & mask } else { c >> shift & mask })
    }

    unsafe fn or(a: Self::Codes, b: Self::Codes) -> Self::Codes {
        std::array::from_fn(|i| a[i] | b[i])
    }

    unsafe fn dot_pair(sum: Self::Ints, codes: [Self::Codes; 2], with: [*const i8; 2]) -> Self::Ints {
        unsafe { Self::dot_bytes(Self::dot_bytes(sum, codes[0], with[0]), codes[1], with[1]) }
    }

    unsafe fn dot_bytes(sum: Self::Ints, codes: Self::Codes, with: *const i8) -> Self::Ints {
        let with = unsafe { with.cast::<[i8; 4]>().read_unaligned() }.map(i16::from);
        // No sum comes near the end of its type: four products of at most 255 * 127, as few as a unit has.
        std::array::from_fn(|i| {
            (0..4).fold(sum[i], |sum, j| sum.wrapping_add(i32::from(i16::from(codes[i * 4 + j]).wrapping_mul(with[j]))))
        })
    }

    unsafe fn int(from: *const i32) -> Self::Ints {
        [unsafe { *from }; 8]
    }

    unsafe fn to_floats(ints: Self::Ints) -> Self::Floats {
        ints.map(|i| i as f32)
    }

    unsafe fn halves(from: *const u8) -> Self::Floats {
        unsafe { from.cast::<[u16; 8]>().read_unaligned() }.map(|h| f16::from_bits(u16::from_le(h)).to_f32())
    }

    unsafe fn unsigned(from: *const u8) -> Self::Floats {
        unsafe { from.cast::<[u8; 8]>().read_unaligned() }.map(f32::from)
    }

    unsafe fn signed(from: *const u8) -> Self::Floats {
        unsafe { from.cast::<[i8; 8]>().read_unaligned() }.map(f32::from)
    }

    unsafe fn float(from: *const f32) -> Self::Floats {
        [unsafe { *from }; 8]
    }

    unsafe fn zero() -> Self::Floats {
        [0.0; 8]
    }

    unsafe fn mul(a: Self::Floats, b: Self::Floats) -> Self::Floats {
        std::array::from_fn(|i| a[i] * b[i])
    }

    unsafe fn mul_add(a: Self::Floats, b: Self::Floats, to: Self::Floats) -> Self::Floats {
        std::array::from_fn(|i| a[i] * b[i] + to[i])
    }

    unsafe fn store(floats: Self::Floats, to: *mut f32) {
        unsafe { to.cast::<Self::Floats>().write_unaligned(floats) }
    }
}
