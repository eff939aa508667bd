//! Is a JPEG whole? The decoder paints what is missing grey and says nothing, so the markers are followed to the end of
//! the picture first (ITU-T T.81, annex B).

const START: u8 = 0xd8;
const END: u8 = 0xd9;

/// Does the file reach the end-of-image marker of its (first) picture? What follows it does not matter.
pub fn is_whole(bytes: &[u8]) -> bool {
    walk(bytes).is_some()
}

fn walk(bytes: &[u8]) -> Option<()> {
    let mut at = 0;
    loop {
        // A marker: any number of 0xff, then its code.
        while *bytes.get(at)? != 0xff {
            at += 1;
        }
        while *bytes.get(at)? == 0xff {
            at += 1;
        }
        let code = *bytes.get(at)?;
        at += 1;
        match code {
            END => return Some(()),
            // Stuffed zeros in the data of a scan, restarts, the start: no length follows.
            0x00 | 0x01 | 0xd0..=0xd7 | START => {}
            _ => {
                let length = usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
                at += length.max(2);
            }
        }
    }
}
