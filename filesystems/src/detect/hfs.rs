//! HFS and HFS+ (Apple Technical Note TN1150; Inside Macintosh: Files, chapter 2; big-endian).

use bstr::BString;
use glassbox_io::{Fields, Result};
use md5::{Digest, Md5};

use super::volume::Volume;
use super::{Details, Format, Magic, Usage, text};

/// Both volume headers stand after the boot blocks.
const HEADER: u64 = 1024;

pub(super) static HFSPLUS: Format = Format {
    magics: &[Magic::new(b"BD", HEADER), Magic::new(b"H+", HEADER), Magic::new(b"HX", HEADER)],
    ..Format::new("hfsplus", Usage::Filesystem, hfsplus)
};

pub(super) static HFS: Format =
    Format { shares: true, magics: &[Magic::new(b"BD", HEADER)], ..Format::new("hfs", Usage::Filesystem, hfs) };

/// An HFS volume may only wrap an HFS+ one (TN1150, "HFS Wrapper"): where that begins, in bytes.
fn embedded_start(master: Fields<'_>) -> Result<Option<u64>> {
    if !matches!(master.slice(124, 2)?, b"H+" | b"HX") {
        return Ok(None);
    }
    let first_allocation = u64::from(master.be16(28)?).saturating_mul(512);
    let embedded = u64::from(master.be16(126)?).saturating_mul(u64::from(master.be32(20)?));
    Ok(Some(first_allocation.saturating_add(embedded)))
}

fn hfs(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let master: [u8; 162] = volume.array(HEADER)?;
    let master = Fields::new(&master);
    if embedded_start(master)?.is_some() {
        return Ok(None);
    }
    let length = usize::from(master.u8(36)?);
    Ok(Some(Details {
        // 27 bytes, in a Macintosh code page that the volume doesn't name.
        label: text::label(master.slice(37, length.min(27))?),
        uuid: finder_uuid(master.array(116)?),
        ..Details::default()
    }))
}

fn hfsplus(volume: &Volume<'_>, _: &Magic) -> Result<Option<Details>> {
    let master: [u8; 162] = volume.array(HEADER)?;
    let master = Fields::new(&master);
    let mut start = 0;
    if master.slice(0, 2)? == b"BD" {
        match embedded_start(master)? {
            Some(embedded) => start = embedded,
            None => return Ok(None),
        }
    }
    let header: [u8; 512] = volume.array(start.saturating_add(HEADER))?;
    let header = Fields::new(&header);
    let block_size = header.be32(40)?;
    if !matches!(header.slice(0, 2)?, b"H+" | b"HX") || block_size < 512 {
        return Ok(None);
    }
    Ok(Some(Details {
        uuid: finder_uuid(header.array(104)?),
        label: catalog_label(volume, start, block_size, header.at(288, 64)?).unwrap_or_default(),
        block_size: Some(block_size),
        ..Details::default()
    }))
}

/// The volume's name is the key of the root folder's record, the first in the catalog's first leaf. `extents` are the
/// catalog's; with a catalog that is damaged, the volume has no label.
fn catalog_label(volume: &Volume<'_>, start: u64, block_size: u32, extents: Fields<'_>) -> Result<BString> {
    const DESCRIPTOR: usize = 14;
    const LEAF: u8 = 0xff;
    const ROOT_PARENT: u32 = 1;
    let at = |block: u64| start.saturating_add(block.saturating_mul(u64::from(block_size)));
    let header: [u8; 64] = volume.array(at(u64::from(extents.be32(0)?)))?;
    let header = Fields::new(&header).from(DESCRIPTOR)?;
    let (leaf, node_size) = (u64::from(header.be32(10)?), u64::from(header.be16(18)?));
    let leaf_offset = leaf.saturating_mul(node_size);
    let mut block = leaf_offset.checked_div(u64::from(block_size)).unwrap_or(0);
    for extent in 0..8usize {
        let extent = extents.at(extent.saturating_mul(8), 8)?;
        let (first, count) = (u64::from(extent.be32(0)?), u64::from(extent.be32(4)?));
        if block >= count {
            block = block.saturating_sub(count);
            continue;
        }
        let within = leaf_offset.checked_rem(u64::from(block_size)).unwrap_or(0);
        let node = volume.bytes(at(first.saturating_add(block)).saturating_add(within), DESCRIPTOR + 8 + 510)?;
        let node = Fields::new(&node);
        let length = usize::from(node.be16(DESCRIPTOR + 6)?);
        if node.u8(8)? != LEAF || node.be16(10)? == 0 || node.be32(DESCRIPTOR + 2)? != ROOT_PARENT || length > 255 {
            break;
        }
        return Ok(text::utf16be_label(node.slice(DESCRIPTOR + 8, length.saturating_mul(2))?));
    }
    Ok(BString::default())
}

/// Finder's 64-bit identifier as a UUID of version 3: MD5 over Apple's name space and the identifier.
fn finder_uuid(identifier: [u8; 8]) -> BString {
    const NAME_SPACE: [u8; 16] =
        [0xb3, 0xe2, 0x0f, 0x39, 0xf2, 0x92, 0x11, 0xd6, 0x97, 0xa4, 0x00, 0x30, 0x65, 0x43, 0xec, 0xac];
    if identifier == [0; 8] {
        return BString::default();
    }
    let digest = Md5::new().chain_update(NAME_SPACE).chain_update(identifier).finalize();
    let mut uuid: [u8; 16] = digest.into();
    let [.., version, _, variant, _, _, _, _, _, _, _] = &mut uuid;
    *version = 0x30 | *version & 0x0f;
    *variant = 0x80 | *variant & 0x3f;
    text::uuid(uuid)
}
