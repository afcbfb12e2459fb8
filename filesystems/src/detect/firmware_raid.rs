//! Members of arrays that a disk controller's firmware makes. Their metadata stands at the end of the disk.

use bstr::BString;
use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

/// SNIA's Common RAID Disk Data Format.
pub(super) static DDF: Format = Format { min_size: 0x30000, ..Format::new("ddf_raid_member", Usage::Raid, ddf) };
/// Intel Matrix / Rapid Storage.
pub(super) static ISW: Format = Format { min_size: 0x10000, ..Format::new("isw_raid_member", Usage::Raid, isw) };
/// LSI MegaIDE.
pub(super) static LSI_MEGA: Format =
    Format { min_size: 0x10000, ..Format::new("lsi_mega_raid_member", Usage::Raid, lsi_mega) };
/// VIA.
pub(super) static VIA: Format = Format { min_size: 0x10000, ..Format::new("via_raid_member", Usage::Raid, via) };
/// NVIDIA nForce.
pub(super) static NVIDIA: Format =
    Format { min_size: 0x10000, ..Format::new("nvidia_raid_member", Usage::Raid, nvidia) };
/// Promise FastTrak.
pub(super) static PROMISE: Format =
    Format { min_size: 0x40000, ..Format::new("promise_fasttrack_raid_member", Usage::Raid, promise) };
/// HighPoint HPT45x.
pub(super) static HIGHPOINT_45X: Format =
    Format { min_size: 0x10000, ..Format::new("hpt45x_raid_member", Usage::Raid, highpoint_45x) };
/// HighPoint HPT37x, whose metadata stands at the start.
pub(super) static HIGHPOINT_37X: Format = Format {
    magics: &[Magic::new(&0x5a78_16f0u32.to_le_bytes(), 0x1220), Magic::new(&0x5a78_16fdu32.to_le_bytes(), 0x1220)],
    ..Format::new("hpt37x_raid_member", Usage::Raid, super::magic_only)
};
/// JMicron.
pub(super) static JMICRON: Format =
    Format { min_size: 0x10000, ..Format::new("jmicron_raid_member", Usage::Raid, jmicron) };

/// The offset of the sector that is `sectors` before the end of the whole sectors.
fn from_end(volume: &Volume<'_>, sectors: u64) -> u64 {
    (volume.len() >> 9).saturating_sub(sectors).saturating_mul(512)
}

fn with_version(version: impl Into<BString>) -> Result<Option<Details>> {
    Ok(Some(Details { version: version.into(), ..Details::default() }))
}

/// DDF 2.0, 5.5: the anchor header is the last sector; some controllers put it 257 sectors before the end.
fn ddf(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    const SIGNATURE: u32 = 0xde11_de11;
    for sectors in [1, 257] {
        let header: [u8; 40] = volume.array(from_end(volume, sectors))?;
        let header = Fields::new(&header);
        if header.be32(0)? == SIGNATURE {
            return Ok(Some(Details {
                uuid: text::text_uuid(header.slice(8, 24)?),
                version: text::label(header.slice(32, 8)?),
                ..Details::default()
            }));
        }
    }
    Ok(None)
}

fn isw(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    const SIGNATURE: &[u8] = b"Intel Raid ISM Cfg Sig. ";
    let anchor = from_end(volume, 2);
    if !volume.has_bytes(anchor, SIGNATURE)? {
        return Ok(None);
    }
    with_version(text::label(&volume.bytes(anchor.saturating_add(SIGNATURE.len() as u64), 6)?))
}

fn lsi_mega(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    Ok(volume.has_bytes(from_end(volume, 1), b"$XIDE$")?.then(Details::default))
}

/// The last sector: a 16-bit signature, a version, and at byte 50 the sum of the 50 bytes before it.
fn via(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let header: [u8; 51] = volume.array(from_end(volume, 1))?;
    let header = Fields::new(&header);
    let sum = header.slice(0, 50)?.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    let version = header.u8(2)?;
    if header.le16(0)? != 0xaa55 || version > 2 || sum != header.u8(50)? {
        return Ok(None);
    }
    with_version(version.to_string())
}

fn nvidia(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let header: [u8; 18] = volume.array(from_end(volume, 2))?;
    let header = Fields::new(&header);
    if header.slice(0, 6)? != b"NVIDIA" {
        return Ok(None);
    }
    with_version(header.le16(16)?.to_string())
}

/// Where the signature stands depends on the controller: one of these counts of sectors before the end.
fn promise(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    for sectors in [63, 255, 256, 16, 399, 591, 675, 735, 911, 974, 991, 951, 3087] {
        if volume.has_bytes(from_end(volume, sectors), b"Promise Technology, Inc.")? {
            return Ok(Some(Details::default()));
        }
    }
    Ok(None)
}

fn highpoint_45x(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let magic: [u8; 4] = volume.array(from_end(volume, 11))?;
    Ok(matches!(u32::from_le_bytes(magic), 0x5a78_16f3 | 0x5a78_16fd).then(Details::default))
}

/// The last sector: `JM` and a version.
fn jmicron(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let header: [u8; 12] = volume.array(from_end(volume, 1))?;
    let header = Fields::new(&header);
    if header.slice(0, 2)? != b"JM" {
        return Ok(None);
    }
    with_version(format!("{}.{}", header.u8(3)?, header.u8(2)?))
}
