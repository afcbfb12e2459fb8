//! UDF (ECMA-167, 3rd edition, parts 2 and 3; OSTA UDF 2.60).

use bstr::{BString, ByteSlice};
use glassbox_io::{Fields, Result};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

/// ECMA-167 2/8.3: the volume recognition sequence begins here, with one of these structure descriptors.
const RECOGNITION: u64 = 0x8000;

pub(super) static UDF: Format = Format {
    shares: true,
    magics: &[
        Magic::new(b"BEA01", RECOGNITION + 1),
        Magic::new(b"BOOT2", RECOGNITION + 1),
        Magic::new(b"CD001", RECOGNITION + 1),
        Magic::new(b"CDW02", RECOGNITION + 1),
        Magic::new(b"NSR02", RECOGNITION + 1),
        Magic::new(b"NSR03", RECOGNITION + 1),
        Magic::new(b"TEA01", RECOGNITION + 1),
    ],
    ..Format::new("udf", Usage::Filesystem, read)
};

/// Structure descriptors that are looked at; real sequences have three to six.
const MAX_STRUCTURE_DESCRIPTORS: u64 = 64;
/// Descriptors of the volume descriptor sequence that are looked at: 3/8.4.2 wants room for 16.
const MAX_VOLUME_DESCRIPTORS: u32 = 256;

/// Tag identifiers of 3/7.2.1.
const PRIMARY: u16 = 1;
const ANCHOR: u16 = 2;
const LOGICAL_VOLUME: u16 = 6;
const TERMINATING: u16 = 8;
const INTEGRITY: u16 = 9;

fn read(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    for block_size in [512u32, 1024, 2048, 4096] {
        // 3/8.4.2.1: the anchor stands in block 256 and knows that: that tells the block size.
        if has_nsr(volume, block_size)? {
            let anchor = u64::from(block_size).saturating_mul(256);
            let Ok(anchor) = volume.array::<24>(anchor) else { continue };
            let anchor = Fields::new(&anchor);
            if anchor.le16(0)? == ANCHOR && anchor.le32(12)? == 256 {
                return describe(volume, block_size, anchor.le32(16)?, anchor.le32(20)?).map(Some);
            }
        }
    }
    Ok(None)
}

/// Whether the recognition sequence holds an NSR descriptor. Descriptors are as long as a block, at least 2048 bytes.
fn has_nsr(volume: &Volume<'_>, block_size: u32) -> Result<bool> {
    let step = u64::from(block_size.max(2048));
    for index in 0..MAX_STRUCTURE_DESCRIPTORS {
        let identifier: [u8; 5] =
            volume.array(RECOGNITION.saturating_add(index.saturating_mul(step)).saturating_add(1))?;
        match &identifier {
            b"NSR02" | b"NSR03" => return Ok(true),
            b"BEA01" | b"BOOT2" | b"CD001" | b"CDW02" | b"TEA01" => (),
            // 2/8.3.1: the first sector that is no descriptor ends the sequence.
            _ => break,
        }
    }
    Ok(false)
}

/// Collects what the volume descriptor sequence (`length` bytes from block `location`) tells.
fn describe(volume: &Volume<'_>, block_size: u32, length: u32, location: u32) -> Result<Details> {
    let mut details = Details { block_size: Some(block_size), ..Details::default() };
    let mut revision = 0;
    let mut integrity = None;
    let count = length.checked_div(block_size).unwrap_or(0).min(MAX_VOLUME_DESCRIPTORS);
    for index in 0..count {
        let block = location.saturating_add(index);
        let descriptor: [u8; 512] = volume.array(u64::from(block).saturating_mul(block_size.into()))?;
        let descriptor = Fields::new(&descriptor);
        let tag = descriptor.le16(0)?;
        if tag == 0 || tag == TERMINATING || descriptor.le32(12)? != block {
            break;
        }
        if tag == PRIMARY && details.uuid.is_empty() {
            // 3/10.1.11: the volume set identifier.
            details.uuid = volume_set_uuid(&dstring(descriptor.slice(72, 128)?)?);
        }
        if tag == LOGICAL_VOLUME {
            // 3/10.6: the logical volume identifier, the domain's suffix, the integrity sequence.
            if details.label.is_empty() {
                details.label = dstring(descriptor.slice(84, 128)?)?;
            }
            if revision == 0 && descriptor.slice(217, 23)?.trim_end_with(|c| c == '\0') == b"*OSTA UDF Compliant" {
                revision = descriptor.le16(240)?;
            }
            if integrity.is_none() && descriptor.le32(268)? > 0 && descriptor.le32(432)? > 0 {
                integrity = Some(descriptor.le32(436)?);
            }
        }
    }
    if let Some(minimum) = integrity.and_then(|block| read_revision(volume, block_size, block)) {
        revision = minimum;
    }
    if revision > 0 {
        // Binary-coded: 0x0201 is 2.01.
        details.version = format!("{}.{:02}", revision >> 8, revision & 0xff).into();
    }
    Ok(details)
}

/// UDF 2.2.6.4: the oldest revision that can read the volume, in the integrity descriptor's implementation use.
fn read_revision(volume: &Volume<'_>, block_size: u32, block: u32) -> Option<u16> {
    let offset = u64::from(block).saturating_mul(u64::from(block_size));
    let descriptor: [u8; 88] = volume.array(offset).ok()?;
    let descriptor = Fields::new(&descriptor);
    let partitions = u64::from(descriptor.le32(72).ok()?);
    let is_integrity = descriptor.le16(0).ok()? == INTEGRITY && descriptor.le32(12).ok()? == block;
    if block == 0 || !is_integrity || descriptor.le32(76).ok()? < 46 {
        return None;
    }
    let implementation_use = offset.checked_add(80)?.checked_add(partitions.checked_mul(8)?)?;
    let revision = u16::from_le_bytes(volume.array(implementation_use.checked_add(40)?).ok()?);
    (revision > 0).then_some(revision)
}

/// UDF 2.1.3, a dstring in OSTA compressed Unicode: the width of a character (8 or 16 bits), the text, and in the last
/// byte how much of both is used.
fn dstring(field: &[u8]) -> Result<BString> {
    let field = Fields::new(field);
    let room = field.len().saturating_sub(2);
    let used = usize::from(field.u8(field.len().saturating_sub(1))?).saturating_sub(1).min(room);
    let text = field.slice(1, used)?;
    Ok(match field.u8(0)? {
        8 => text::latin1_label(text),
        16 => text::utf16be_label(text),
        _ => BString::default(),
    })
}

/// UDF 2.2.2.5: the set identifier begins with 16 unique characters, a time in hexadecimal first. Where they aren't
/// hexadecimal digits, their bytes are shown so.
fn volume_set_uuid(identifier: &[u8]) -> BString {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let Some((time, rest)) = identifier.split_at_checked(8) else { return BString::default() };
    let mut unique = [0; 8];
    for (to, from) in unique.iter_mut().zip(rest) {
        *to = *from;
    }
    let digits = identifier.iter().take(16).take_while(|byte| byte.is_ascii_hexdigit()).count();
    match digits {
        0..8 => hex(time).into(),
        8..16 => format!("{}{}", time.as_bstr(), hex(unique.get(..4).unwrap_or_default())).to_lowercase().into(),
        _ => format!("{}{}", time.as_bstr(), unique.as_bstr()).to_lowercase().into(),
    }
}
