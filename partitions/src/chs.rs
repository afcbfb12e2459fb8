//! A sector's address as cylinder, head and sector: three bytes of an MBR's entry, two for each partition.
//! There is no specification; the bits are those of the BIOS's int 13h, which took the address in CX and DH.

use glassbox_io::{Fields, Result};

/// The cylinder has ten bits.
const MAX_CYLINDER: u16 = 1023;

/// The address of a sector by a BIOS's geometry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chs {
    /// From 0 to 1023.
    pub cylinder: u16,
    /// From 0.
    pub head: u8,
    /// From 1 to 63. 0 is no address.
    pub sector: u8,
}

impl Chs {
    /// Head, sector with the cylinder's high bits, the cylinder's low bits.
    pub fn parse(fields: Fields<'_>) -> Result<Self> {
        let [head, sector, cylinder] = fields.array(0)?;
        Ok(Chs { cylinder: u16::from(sector & 0xc0) << 2 | u16::from(cylinder), head, sector: sector & 0x3f })
    }

    /// Whether the cylinder is the last that can be written: what lies beyond is given that one too.
    pub fn is_last_cylinder(self) -> bool {
        self.cylinder == MAX_CYLINDER
    }

    /// Whether it is one of the two addresses by which partitioning programs say that a sector has none.
    pub fn is_out_of_reach(self) -> bool {
        self.is_last_cylinder() && self.head >= 254 && self.sector == 63
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chs(bytes: [u8; 3]) -> Chs {
        Chs::parse(Fields::new(&bytes)).unwrap()
    }

    #[test]
    fn the_cylinders_high_bits_are_the_sectors() {
        assert_eq!(chs([3, 0x41, 0x20]), Chs { cylinder: 0x120, head: 3, sector: 1 });
        assert!(chs([254, 0xff, 0xff]).is_out_of_reach() && chs([255, 0xff, 0xff]).is_out_of_reach());
        assert!(!chs([239, 0xff, 0xff]).is_out_of_reach() && chs([239, 0xff, 0xff]).is_last_cylinder());
    }
}
